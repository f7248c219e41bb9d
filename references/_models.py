"""What the scripts beside it share: the framework's own LSTM, and what a training costs."""

import time


def lstm(framework, num_inputs, num_hiddens, unroll=True):
    """The framework's own layer, for X (n, T, num_inputs). Keras' is faster unrolled where T is small and fixed."""
    if framework == "torch":
        from torch import nn

        return nn.LSTM(num_inputs, num_hiddens, batch_first=True)
    import keras

    return keras.layers.LSTM(num_hiddens, return_sequences=True, return_state=True, unroll=unroll)


def fit(course, trainer, model, batches):
    """Train the model: in how many processor seconds, and how many parameters it has."""
    start = time.process_time()
    trainer.fit(model, batches)
    return {
        "training_seconds": round(time.process_time() - start, 2),
        "parameters": sum(weight.size for weight in course.weights.dump(model).values()),
    }
