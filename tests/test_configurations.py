"""The named settings are what the lecture notes say, and both frameworks can run them."""

import pytest
from oracle_cells import Network

from course_utils.configurations import CONFIGURATIONS
from course_utils.datasets import LanguageModelData, sources

# name → cell, layers, units, directions, learning rate, epochs
SAID = {
    "time machine, 10,000 letters": ("RNN", 1, 256, 1, 1.0, 500),
    "time machine, windows": ("RNN", 1, 32, 1, 4.0, 60),
    "time machine, deep LSTM": ("LSTM", 2, 256, 1, 1.0, 500),
    "time machine, bidirectional LSTM": ("LSTM", 2, 256, 2, 1.0, 500),
    "time machine, windows, deep GRU": ("GRU", 2, 32, 1, 2.0, 60),
}
needs_the_text = pytest.mark.skipif(
    sources.status("time_machine") != "OK", reason="the Time Machine is not in the data folder"
)


def test_they_are_what_the_notes_say():
    found = {
        name: (
            settings.cell,
            settings.num_layers,
            settings.num_hiddens,
            2 if settings.bidirectional else 1,
            settings.trainer["lr"],
            settings.trainer["max_epochs"],
        )
        for name, settings in CONFIGURATIONS.items()
    }
    assert found == SAID
    assert all((s.trainer["optimizer"], s.trainer["clip_norm"]) == ("sgd", 1.0) for s in CONFIGURATIONS.values())


@needs_the_text
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_sizes(name):
    data = LanguageModelData(**CONFIGURATIONS[name].data)
    X, Y = next(iter(data.train))
    assert X.shape == Y.shape == (data.train.batch_size, CONFIGURATIONS[name].data["num_steps"])
    assert len(data.vocab) == 28
    if "windows" in name:
        assert len(data.train.windows) == 10_000
        assert len(data.heldout.windows) == 5_000
    else:
        assert len(data.train_ids) == 10_000


@needs_the_text
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_one_epoch_learns(framework, name):
    settings = CONFIGURATIONS[name]
    data = LanguageModelData(**settings.data)
    widths = (settings.num_hiddens,) * settings.num_layers
    network = Network(settings.cell, widths, 2 if settings.bidirectional else 1)
    rnn = framework.implementations["fused"].build(network, len(data.vocab))
    model = framework.course.RNNLM(rnn, len(data.vocab))
    history = framework.course.Trainer(**{**settings.trainer, "max_epochs": 1}).fit(model, data)
    assert history.heldout_loss[0] < 3.0  # a uniform guess among 28 tokens has 3.33
