"""The named settings are what the lecture notes say, and both frameworks can run them."""

import pytest

from course_utils.configurations import CONFIGURATIONS
from course_utils.datasets import LanguageModelData, sources


@pytest.mark.skipif(sources.status("time_machine") != "OK", reason="the Time Machine is not in the data folder")
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_sizes(name):
    data = LanguageModelData(**CONFIGURATIONS[name].data)
    X, Y = next(iter(data.train))
    assert X.shape == Y.shape == (data.train.batch_size, CONFIGURATIONS[name].data["num_steps"])
    assert len(data.vocab) == 28
    if name == "time machine, windows":
        assert len(data.train.windows) == 10_000
        assert len(data.heldout.windows) == 5_000
    else:
        assert len(data.train_ids) == 10_000


@pytest.mark.skipif(sources.status("time_machine") != "OK", reason="the Time Machine is not in the data folder")
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_one_epoch_learns(framework, name):
    settings = CONFIGURATIONS[name]
    data = LanguageModelData(**settings.data)
    model = framework.lm("scratch", len(data.vocab), settings.num_hiddens)
    history = framework.course.Trainer(**{**settings.trainer, "max_epochs": 1}).fit(model, data)
    assert history.heldout_loss[0] < 3.0  # a uniform guess among 28 tokens has 3.33
