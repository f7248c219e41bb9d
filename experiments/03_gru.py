"""What gates buy on Alice: held-out perplexity of RNNs and GRUs after eight epochs, three seeds each."""

import importlib
from itertools import product

from course_utils import experiments
from course_utils.datasets import LanguageModelData
from course_utils.metrics import perplexity

# The wider RNN has as many parameters as the GRUs.
LAYERS = {
    "RNN, 160 units": lambda course: course.RNN(32, 160),
    "RNN, 288 units": lambda course: course.RNN(32, 288),
    "GRU, reset before": lambda course: course.GRU(32, 160, reset_after=False),
    "GRU, reset after": lambda course: course.GRU(32, 160, reset_after=True),
}
SETTINGS = [
    {"framework": framework, "seed": seed, "network": network}
    for framework, seed, network in product(("torch", "tensorflow"), range(3), LAYERS)
]


def run(framework, seed, network):
    course = importlib.import_module(f"course_utils.{framework}")
    text = LanguageModelData("alice", batch_size=32, num_steps=32)
    model = course.RNNLM(LAYERS[network](course), len(text.vocab), embed_size=32)
    history = course.Trainer(max_epochs=8, lr=0.008, decay=True).fit(model, text)
    parameters = sum(value.size for value in course.weights.dump(model.rnn).values())
    return {"perplexity": perplexity(history.heldout_loss[-1]), "parameters": parameters}


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
