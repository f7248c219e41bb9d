"""What the chapters promise of their best runs, read from what was measured at their last refresh."""

import pytest

from course_utils.workshop import results

BEST = {
    "02_rnn": ("the layer, 20 epochs", 4.2, 2_500_000),
    "03_gru": ("GRU, 8 epochs", 3.8, 1_000_000),
    "04_lstm": ("LSTM, best", 3.6, 3_000_000),
}
"""Chapter → its best run, the held-out perplexity it must reach, and within how many tokens of training."""


@pytest.mark.parametrize("chapter", BEST)
def test_the_best_run_reaches_its_target_in_both_frameworks(chapter):
    run, target, tokens = BEST[chapter]
    runs = results.load(results.FILE)[chapter]["runs"]
    found = {entry["framework"]: entry["metrics"] for entry in runs if entry["run"] == run}
    assert set(found) == {"torch", "tensorflow"}
    assert all(metrics["perplexity"] <= target and metrics["tokens"] <= tokens for metrics in found.values())
    assert found["tensorflow"]["perplexity"] == pytest.approx(found["torch"]["perplexity"], rel=0.05)


def test_new_combinations_are_translated_well_in_both_frameworks():
    runs = results.load(results.FILE)["07_seq2seq"]["runs"]
    found = {entry["framework"]: entry["metrics"] for entry in runs if entry["run"] == "new combinations"}
    assert set(found) == {"torch", "tensorflow"}
    assert all(metrics["BLEU"] >= 0.95 and metrics["exact"] >= 0.85 for metrics in found.values())
