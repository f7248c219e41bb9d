"""The settings for The Time Machine fit their data, and both frameworks learn with them."""

from contextlib import nullcontext

import pytest
from oracle_cells import Network

from course_utils.datasets import LanguageModelData, sources
from course_utils.interop.time_machine import SETTINGS

OURS = "time machine, windows, ours"
NOTES = {name: settings for name, settings in SETTINGS.items() if name != OURS}
needs_the_text = pytest.mark.skipif(
    sources.status("time_machine") != "OK", reason="the Time Machine is not in the data folder"
)


@needs_the_text
@pytest.mark.parametrize("name", SETTINGS)
def test_sizes(name):
    data = LanguageModelData(**SETTINGS[name].data)
    X, Y = next(iter(data.train))
    assert X.shape == Y.shape == (data.train.batch_size, SETTINGS[name].data["num_steps"])
    assert len(data.vocab) == 28
    if "windows" in name:
        assert len(data.train.windows) == 10_000
        assert len(data.heldout.windows) == 5_000
    else:
        assert len(data.train_ids) == 10_000


def trained(framework, settings, kind="scratch", **changes):
    """The record of a training run."""
    data = LanguageModelData(**settings.data)
    V, widths = len(data.vocab), (settings.num_hiddens,) * settings.num_layers
    network = Network(settings.cell, widths, 2 if settings.bidirectional else 1)
    rnn = framework.implementations[kind].build(network, settings.model.get("embed_size", V))
    model = framework.course.RNNLM(rnn, V, **settings.model)
    return framework.course.Trainer(**settings.trainer | changes).fit(model, data)


@needs_the_text
@pytest.mark.parametrize("name", NOTES)
def test_one_epoch_learns(framework, name):
    settings = SETTINGS[name]
    both_ways = pytest.warns(UserWarning, match="reads its inputs in both directions")  # the notes do so all the same
    with both_ways if settings.bidirectional else nullcontext():
        history = trained(framework, settings, max_epochs=1)
    assert history.heldout_loss[0] < 3.0  # a uniform guess among 28 tokens has 3.33


@needs_the_text
def test_ours_is_better_than_the_notes_and_as_good_in_both_frameworks(pytorch, tensorflow):
    found = [trained(framework, SETTINGS[OURS], "layer").metrics["perplexity"] for framework in (pytorch, tensorflow)]
    assert max(found) <= 5.6  # the notes' GRU, RNN and LSTM end between 6.6 and 7.1
    assert found[1] == pytest.approx(found[0], rel=0.05)
