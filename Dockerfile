# JupyterLab with the course, as an ordinary user. Your own copy of the chapters is kept in the volume:
#
#     docker build --tag rnn-course .
#     docker run --rm --publish 127.0.0.1:8888:8888 --volume rnn-course:/home/reader/course/my_course rnn-course
#
# It prints the address to open. Another FRAMEWORK is asked for by --build-arg. For PyTorch without CUDA hand on the
# index that has it: --build-arg PIP_EXTRA_INDEX_URL=…

# The machine: what a codespace is made of, too.
FROM python:3.11-slim AS machine
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 --shell /bin/bash reader
USER reader

FROM machine AS course
ARG FRAMEWORK=torch
ARG PIP_EXTRA_INDEX_URL
WORKDIR /home/reader/course
COPY --chown=reader:reader . .
RUN make data FRAMEWORK="$FRAMEWORK" && mkdir --parents my_course
ENV FRAMEWORK=$FRAMEWORK
EXPOSE 8888
CMD ["make", "lab", "ARGS=--ip=0.0.0.0 --port=8888 --no-browser"]
