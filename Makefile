# The one list of commands. Each that needs the environment (.venv) sets it up first, which happens once.

BIN := .venv/bin
STAMP := .venv/.set-up
ASSETS := docs/node_modules/.package-lock.json
PIP := $(BIN)/python -m pip
# Two notebooks side by side with one thread each are faster than with two threads each, and no result depends on it.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
# uv does not read pip's settings: hand on those that say where packages come from. And unlike pip it leaves compiling
# to the first import, which comes again and again where Python may not write bytecode.
UV_INSTALL := uv pip install --python $(BIN)/python $${PYTHONDONTWRITEBYTECODE:+--compile-bytecode} \
	$${PIP_INDEX_URL:+--default-index "$$PIP_INDEX_URL"} \
	$${PIP_EXTRA_INDEX_URL:+--index-strategy unsafe-best-match $$(printf ' --index %s' $$PIP_EXTRA_INDEX_URL)} \
	$${PIP_FIND_LINKS:+$$(printf ' --find-links %s' $$PIP_FIND_LINKS)}
# The tests that call most of the libraries' names.
FLOORS := bleu checkpoints data_cli doctor experiments house models nbval_plugin refresh stocks training weights
UV_COMPILE := uv pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --no-header --no-annotate

ifneq ($(filter run slides,$(MAKECMDGOALS)),)
ifndef CH
$(error Say which chapter, as in: make $(firstword $(filter run slides,$(MAKECMDGOALS))) CH=02)
endif
endif

# What readers read about, and what is installed for it: torch, tensorflow or both.
FRAMEWORK ?= both
ifeq ($(filter torch tensorflow both,$(FRAMEWORK)),)
$(error FRAMEWORK is $(FRAMEWORK), and the course has torch, tensorflow and both)
endif
# One framework is enough to read about it, until something needs the whole environment.
READING := $(if $(filter both,$(FRAMEWORK))$(wildcard $(STAMP)),$(STAMP),$(STAMP)-$(FRAMEWORK))

# The address of the course's repository, for the buttons of the site that launch a chapter; no button without one.
REPOSITORY ?=

# instructors
GUIDES := $(if $(INSTRUCTORS),--instructors)
ifneq ($(filter student-release,$(MAKECMDGOALS)),)
ifndef DIR
$(error Say where to, as in: make student-release DIR=../for_students)
endif
endif

.PHONY: assignments student-release grading-corpus
# /instructors

# both
.PHONY: test test-single floors lint site site-check slides refresh experiments bench scoreboard timings perturb lock
# /both

# tensorflow
.PHONY: gpu
# /tensorflow

.PHONY: help setup data lab run doctor clean
.DEFAULT_GOAL := help

help:
	@echo "make COMMAND, where COMMAND is one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile

setup: $(READING) ## create .venv and install the locked versions (every other command does so by itself)

data: setup ## fetch the data that the chapters need, and verify them
	@$(BIN)/course data fetch

lab: data ## open JupyterLab on your own copy of the course, in one framework: make lab FRAMEWORK=torch
	@$(BIN)/course lab --framework $(FRAMEWORK) $(if $(NEW),--new) $(ARGS)

run: data ## work through a chapter without a screen and leave an HTML page: make run CH=02 FRAMEWORK=torch
	@$(ONE_THREAD) $(BIN)/course run --framework $(FRAMEWORK) $(CH)

doctor: setup ## say what this machine lacks, and how to mend it
	@$(BIN)/course doctor

# both
test: data lint ## everything that CI checks: lint, unit tests, every notebook, the site
	@$(MAKE) --no-print-directory $(ASSETS) || echo "So the tests of the site are skipped."
	@CI=1 $(ONE_THREAD) $(BIN)/python -m pytest --nbval -n 2 --dist loadfile $(ARGS)

test-single: data build/torch/.set-up build/tensorflow/.set-up ## the exported chapters, or CH, in an environment of each framework alone
	@for side in torch tensorflow; do \
		rm -rf build/$$side/chapters; \
		build/$$side/bin/course export --framework $$side --out build/$$side/chapters $(CH) || exit 1; \
		CI=1 $(ONE_THREAD) build/$$side/bin/python -m pytest --nbval $(ARGS) build/$$side/chapters || exit 1; \
	done

floors: data build/floors/.set-up ## tests with the oldest versions that pyproject.toml allows, in build/floors (needs uv)
	@CI=1 $(ONE_THREAD) build/floors/bin/python -m pytest $(FLOORS:%=tests/test_%.py) $(ARGS)

lint: setup ## ruff, on notebooks too, and the rules about who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo

site: setup $(ASSETS) ## build the course's web pages in build/site
	@$(BIN)/course site $(GUIDES) $(if $(REPOSITORY),--repository "$(REPOSITORY)")

site-check: setup $(ASSETS) ## build the site and look at every page in a browser, for its accessibility too
	@COURSE_SITE=all CI=1 $(BIN)/python -m pytest tests/test_site.py $(ARGS)

slides: setup $(ASSETS) ## make slides of a chapter for a lecture, in build/slides: make slides CH=04 FRAMEWORK=torch
	@$(BIN)/course slides --framework $(FRAMEWORK) $(CH)

refresh: data ## execute a chapter anew and store its outputs: make refresh CH=02, or all without CH
	@$(ONE_THREAD) $(BIN)/course refresh $(CH)

experiments: data ## run the long sweeps behind a chapter, or all without CH: make experiments CH=05 ARGS="--jobs 2"
	@set -- experiments/$(CH)*.py; [ -e "$$1" ] || { echo "There is no experiment $$1: see experiments/." >&2; exit 1; }; \
	for script; do $(BIN)/python "$$script" $(ARGS) || exit 1; done

# /both

# tensorflow
gpu: setup ## on Linux with an NVIDIA GPU: exchange TensorFlow for its build with CUDA
	@$(PIP) uninstall --quiet --yes tensorflow-cpu tensorflow
	@$(PIP) install "tensorflow[and-cuda]==$$(sed -n 's/^tensorflow==\([^ ]*\).*/\1/p' requirements.lock)"
# /tensorflow

# instructors
assignments: setup ## make the students' notebooks in assignments/ from the masters in solutions/
	@$(BIN)/course assignments

student-release: setup ## write the students' copy, in one framework or both: make student-release DIR=../new FRAMEWORK=torch
	@$(BIN)/course student-release --framework $(FRAMEWORK) "$(DIR)"

grading-corpus: setup ## try the grader on every submission of the corpus, on 1,000 of them, and on a cluster
	@CI=1 COURSE_CORPUS=all COURSE_SEEDS=200 $(ONE_THREAD) $(BIN)/python -m pytest tests/test_grading_*.py $(ARGS)
	@CI=1 COURSE_SEEDS=200 $(ONE_THREAD) $(BIN)/python -m pytest tests/test_assignments.py -k "every_point or own_message" $(ARGS)
# /instructors

# both
bench: setup ## measure what Trainer costs, how fast the layers train, and what else benchmarks/ has; writes results/*.json
	@for script in $(filter-out benchmarks/scoreboard.py,$(wildcard benchmarks/*.py)); do \
		$(ONE_THREAD) $(BIN)/python "$$script" || exit 1; done

scoreboard: data ## do the references' tasks, theirs and ours, where a result is missing or old; writes README's table
	@$(ONE_THREAD) $(BIN)/python benchmarks/scoreboard.py $(ARGS)

timings: setup ## show how much processor time each chapter takes
	@$(BIN)/course timings

perturb: data ## measure how far the numbers of the chapters, or CH, differ on other kernels, threads and hash seeds
	@$(BIN)/course perturb $(CH)

# What torch needs for CUDA is left to torch, which asks for it only where there may be a GPU.
lock: ## renew requirements.lock and environment.yml for pyproject.toml; newer versions with ARGS=--upgrade (needs uv)
	@$(UV_COMPILE) $(ARGS) --quiet -o requirements.lock
	@grep -vE '^(cuda|nvidia|triton)' requirements.lock > requirements.lock.new
	@mv requirements.lock.new requirements.lock
	@sed -n '1,/- pip:/p' environment.yml > environment.yml.new
	@sed 's/^/      - /' requirements.lock >> environment.yml.new
	@mv environment.yml.new environment.yml

# /both

clean: ## remove what these commands made, .venv included; the data stay
	@rm -rf .venv build docs/node_modules .hypothesis .import_linter_cache .pytest_cache .ruff_cache

# The font of the site's formulas, the checker of its accessibility, and what shows slides; the lock file has their hashes.
$(ASSETS): docs/package-lock.json
	@command -v npm >/dev/null || { echo "Site and slides need npm, which is not installed: install Node.js, then try again." >&2; exit 1; }
	@npm ci --prefix docs --silent || { echo "npm cannot fetch what docs/package-lock.json lists: is there a network?" >&2; exit 1; }
	@touch $@

build/floors/.set-up: pyproject.toml | $(BIN)/python
	@rm -rf $(@D)
	@uv venv --quiet --seed --python $(BIN)/python $(@D)
	@$(subst $(BIN),$(@D)/bin,$(UV_INSTALL)) --resolution lowest-direct -r pyproject.toml --all-extras -e .
	@touch $@

# One framework and what the tests need, in the versions of the lock, which has both frameworks.
build/%/.set-up: requirements.lock pyproject.toml | $(BIN)/python
	@rm -rf $(@D)
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip install -c requirements.lock -e ".[$*,dev]"
	@touch $@

# The environment may be there and its Python gone, as after an upgrade of the system's: then all begins anew.
ifneq ($(shell test -x $(BIN)/python && echo there),there)
.PHONY: $(STAMP) $(STAMP)-torch $(STAMP)-tensorflow
endif

$(BIN)/python:
	@rm -rf .venv
	@if [ -n "$$PYTHON" ]; then set -- "$$PYTHON"; else set -- python3 python3.13 python3.12 python3.11; fi; \
	for python; do \
		own=$$("$$python" -c 'import sys; (3, 11) <= sys.version_info[:2] <= (3, 13) and print(sys.executable)' 2>/dev/null); \
		if [ -n "$$own" ]; then \
			echo "Creating .venv with $$own"; \
			if command -v uv >/dev/null; then uv venv --quiet --seed --python "$$own" .venv; else "$$own" -m venv .venv; fi \
				|| { rm -rf .venv; exit 1; }; \
			exit 0; \
		fi; \
	done; \
	if [ -n "$$PYTHON" ]; then \
		echo "PYTHON is $$PYTHON, which is $$("$$PYTHON" --version 2>/dev/null || echo no Python): the course needs 3.11, 3.12 or 3.13." >&2; exit 1; \
	fi; \
	echo "The course needs Python 3.11, 3.12 or 3.13 and finds none: install one, or say where it is: make lab PYTHON=/path/to/python3" >&2; \
	exit 1

define CHECK_PYTHON
found=$$(sed -n 's/^version[_a-z]* *= *//p' .venv/pyvenv.cfg 2>/dev/null); case "$$found" in ''|3.11*|3.12*|3.13*) ;; \
	*) echo ".venv has Python $$found and the course needs 3.11, 3.12 or 3.13: call make clean, then this again." >&2; exit 1;; esac
endef
# uv if it is there and works, else pip
INSTALL = if command -v uv >/dev/null && $(UV_INSTALL) $(1); then :; else $(PIP) install $(1); fi

$(STAMP)-torch $(STAMP)-tensorflow: $(STAMP)-%: requirements.lock pyproject.toml | $(BIN)/python
	@$(CHECK_PYTHON)
	@$(call INSTALL,-c requirements.lock flit_core)
	@$(call INSTALL,-c requirements.lock --no-build-isolation -e ".[$*]")
	@touch $@

$(STAMP): requirements.lock pyproject.toml | $(BIN)/python
	@$(CHECK_PYTHON)
	@$(call INSTALL,-r requirements.lock)
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(PIP) install --quiet --no-deps d2l==1.0.3 \
		|| echo "d2l could not be installed: the course goes on without it, but for the comparisons with it."
	@touch $@
