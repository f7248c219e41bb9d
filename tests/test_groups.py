"""Groups of what is alike, against a slower way, and a draw that never parts them."""

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets.groups import draw, join

pairs = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=12)


@given(pairs)
def test_what_a_chain_of_pairs_joins_is_one_group(pairs):
    reach = np.eye(12, dtype=int)
    for one, other in pairs:
        reach[one, other] = reach[other, one] = 1
    reach = np.linalg.matrix_power(reach, 12) > 0  # any chain has fewer links
    groups = join(12, pairs)
    assert groups.dtype == np.int64
    np.testing.assert_array_equal(groups[:, None] == groups, reach)
    firsts = [groups.tolist().index(group) for group in range(groups.max() + 1)]
    assert firsts == sorted(firsts), "numbered as they come"


def test_nothing_has_no_groups():
    assert join(0, []).shape == (0,)


@given(
    groups=st.lists(st.integers(0, 9), min_size=2, max_size=40).filter(lambda groups: len({*groups}) > 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_whole_groups_are_drawn_up_to_the_share(groups, seed):
    groups = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(groups)
    share = sizes.max() / len(groups)  # so that any group fits
    unseen = draw(groups, share, np.random.default_rng(seed))
    assert unseen.dtype == bool
    for group in range(len(sizes)):
        assert len({*unseen[groups == group].tolist()}) == 1
    assert 0 < unseen.sum() <= sizes.max()
    np.testing.assert_array_equal(unseen, draw(groups, share, np.random.default_rng(seed)))


def test_every_group_may_be_drawn():
    groups = np.repeat(np.arange(5), [3, 1, 2, 4, 2])
    drawn = [{*groups[draw(groups, 0.5, np.random.default_rng(seed))].tolist()} for seed in range(40)]
    assert set.union(*drawn) == {0, 1, 2, 3, 4}
    assert max(map(len, drawn)) >= 2


@pytest.mark.parametrize("share", ["10%", None, True, [0.1]])
def test_a_share_that_is_no_number_is_refused(share):
    with pytest.raises(TypeError) as error:
        draw(np.array([0, 0, 1, 1]), share, np.random.default_rng(0))
    says(error, f"heldout is {share!r}", "between 0 and 1")


@pytest.mark.parametrize("share", [float("nan"), float("inf"), 0.0, 0.1, 1.0, -1.0])
def test_a_share_that_leaves_nothing_on_one_side_is_refused(share):
    with pytest.raises(ValueError) as error:
        draw(np.array([0, 0, 1, 1]), share, np.random.default_rng(0))
    says(error, f"heldout={share} of 4", "between 0 and 1")
