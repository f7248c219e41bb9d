"""The GRU of Dive into Deep Learning, section 10.2: 32 units, 50 epochs at rate 4 on its windows of *The Time Machine*.

In PyTorch it is trained by d2l's own trainer. In TensorFlow the layer no longer takes `time_major=True`: once with that
argument left out and nothing else, so that it runs over the windows of a batch, and once with the axes swapped, so that
it runs over time. There the course's trainer makes the updates, as a compiled function: d2l's runs each operation by
itself, which is slow over the 1,024 windows of a batch. Held-out perplexity on d2l's 5,000 held-out windows, one seed.
It asks for d2l and for the file timemachine.txt: `course data fetch time_machine` brings that where it can be had.
"""

import math

from course_utils import experiments
from course_utils.datasets import sources
from course_utils.interop import d2l as bridge

SETTINGS = [
    {"framework": framework, "seed": 0, "runs_over": axis}
    for framework, axis in (("torch", "time"), ("tensorflow", "time"), ("tensorflow", "windows"))
]
UNITS, EPOCHS, LR = 32, 50, 4.0


def run(framework, seed, runs_over):
    d2l = bridge.load(framework)

    @d2l.add_to_class(d2l.TimeMachine)
    def _download(self):
        return sources.path("time_machine").read_text(encoding="utf-8")

    data = d2l.TimeMachine(batch_size=1024, num_steps=32)
    perplexity = in_pytorch(d2l, data) if framework == "torch" else in_tensorflow(d2l, data, runs_over)
    return {"perplexity": perplexity}


def in_pytorch(d2l, data):
    from course_utils.torch import evaluate

    size = len(data.vocab)
    model = d2l.RNNLM(d2l.GRU(size, UNITS, num_layers=1), size, lr=LR)
    model.board.display = False
    d2l.Trainer(max_epochs=EPOCHS, gradient_clip_val=1).fit(model, data)

    class WithoutState(d2l.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, X, state):
            return self.model(X), None

    return math.exp(evaluate(WithoutState(), data.val_dataloader()))


def in_tensorflow(d2l, data, runs_over):
    from course_utils.tensorflow import Trainer

    keras, size = d2l.tf.keras, len(data.vocab)

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            cells = [keras.layers.GRUCell(UNITS)]
            self.rnn = keras.layers.RNN(cells, return_sequences=True)
            self.linear = keras.layers.Dense(size)

        def call(self, X, state=None):
            axes = (1, 0, 2)
            embs = d2l.tf.one_hot(X, size)  # (n, T, V)
            if runs_over == "windows":
                outputs = d2l.tf.transpose(self.rnn(d2l.tf.transpose(embs, axes)), axes)  # (n, T, h)
            else:
                outputs = self.rnn(embs)  # (n, T, h)
            return self.linear(outputs), None  # (n, T, V)

    class Batches:
        train, heldout = data.train_dataloader(), data.val_dataloader()

    return Trainer(EPOCHS, LR, optimizer="sgd").fit(Model(), Batches).metrics["perplexity"]


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
