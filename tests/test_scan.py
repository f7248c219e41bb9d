"""Linear recurrences: the loop and the doubling scan of both frameworks against NumPy, forwards and backwards."""

import math
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest
from data_helpers import says
from frameworks import close
from hypothesis import given
from hypothesis import strategies as st

from course_utils.scan import combine, scan_rounds

WAYS = ("linear_loop", "linear_scan")
each_way = pytest.mark.parametrize("way", WAYS)
numbers = st.fractions(-3, 3, max_denominator=7)
pairs = st.tuples(numbers, numbers)


def by_hand(a, b, H):
    """All h_t (n, T, h), one after the other, as long as one likes."""
    found = []
    for t in range(a.shape[1]):
        H = a[:, t] * H + b[:, t]
        found.append(H)
    return np.stack(found, axis=1)


def gradients_by_hand(a, b, H, d_h):
    """The gradients by a, b and H of Σ h d_h: from the last step to the first."""
    h = np.concatenate([H[:, None], by_hand(a, b, H)], axis=1)  # (n, T + 1, h)
    d_a, d_b, d_H = np.zeros_like(a), np.zeros_like(b), np.zeros_like(H)
    for t in reversed(range(a.shape[1])):
        d_H = d_H + d_h[:, t]
        d_a[:, t], d_b[:, t] = d_H * h[:, t], d_H
        d_H = d_H * a[:, t]
    return d_a, d_b, d_H


@st.composite
def recurrences(draw):
    """a, b (n, T, h), h_0 and what the gradient begins with; factors of both signs, some 0, 1 or −1."""
    n, h = draw(st.permutations(range(1, 5)))[:2]
    T = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    a = rng.uniform(-1.2, 1.2, (n, T, h))
    a = np.where(rng.random(a.shape) < draw(st.sampled_from([0.0, 0.3])), rng.integers(-1, 2, a.shape), a)
    return a, rng.normal(size=(n, T, h)), rng.normal(size=(n, h)), rng.normal(size=(n, T, h))


@given(first=pairs, second=pairs, third=pairs)
def test_it_does_not_matter_which_steps_are_combined_first(first, second, third):
    left, right = combine(combine(first, second), third), combine(first, combine(second, third))
    assert left == right  # fractions: no rounding


@given(first=pairs, second=pairs, h=numbers)
def test_a_combined_step_does_what_both_do(first, second, h):
    (a1, b1), (a2, b2), (a, b) = first, second, combine(first, second)
    assert a2 * (a1 * h + b1) + b2 == a * h + b


@given(steps=st.lists(pairs, min_size=1, max_size=20))
def test_after_the_last_round_all_steps_are_in(steps):
    a, b = (np.array(part, dtype=object) for part in zip(*steps, strict=True))
    rounds = scan_rounds(a, b)
    assert len(rounds) == 1 + math.ceil(math.log2(len(steps)))
    for t in range(len(steps)):
        assert (rounds[-1][0][t], rounds[-1][1][t]) == reduce(combine, steps[: t + 1])
        for number, (of_a, of_b) in enumerate(rounds):  # by then each has itself and the 2^number − 1 before it
            assert (of_a[t], of_b[t]) == reduce(combine, steps[max(0, t + 1 - 2**number) : t + 1])


def test_no_factor_is_rounded_away():
    a, b = np.array([Fraction(0), Fraction(-1, 3), Fraction(0)]), np.array([Fraction(1)] * 3)
    assert [*scan_rounds(a, b)[-1][1]] == [1, Fraction(2, 3), 1]


@each_way
@given(drawn=recurrences())
def test_both_ways_compute_the_recurrence_and_its_gradients(framework, way, drawn):
    a, b, H, d_h = drawn
    compute, factors = getattr(framework.course, way), framework.tensor(d_h)
    expected = by_hand(a, b, H)
    close(framework.array(compute(*map(framework.tensor, (a, b, H)))), expected, 1e-12)
    close(framework.array(compute(*map(framework.tensor, (a, b)))), by_hand(a, b, 0 * H), 1e-12)
    found = framework.gradients(lambda *parts: framework.total(compute(*parts) * factors), a, b, H)
    for gradient, value in zip(found, gradients_by_hand(a, b, H, d_h), strict=True):
        close(gradient, value, 1e-11)


@given(drawn=recurrences())
def test_the_rounds_in_numpy_end_with_the_same(framework, drawn):
    a, b, _, _ = drawn
    found = framework.array(framework.course.linear_scan(framework.tensor(a), framework.tensor(b)))
    for i in range(len(a)):
        np.testing.assert_allclose(scan_rounds(a[i], b[i])[-1][1], found[i], rtol=1e-12, atol=1e-12)


@each_way
@given(drawn=recurrences(), data=st.data())
def test_the_second_part_goes_on_from_the_first_parts_last_h(framework, way, drawn, data):
    a, b, H, _ = drawn
    cut = data.draw(st.integers(0, a.shape[1] - 1))
    compute = getattr(framework.course, way)
    if cut:
        H = framework.array(compute(*map(framework.tensor, (a[:, :cut], b[:, :cut], H))))[:, -1]
    found = framework.array(compute(*map(framework.tensor, (a[:, cut:], b[:, cut:], H))))
    close(found, by_hand(a, b, drawn[2])[:, cut:], 1e-12)


@each_way
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.9, 0.999), (-1.0, 1.0)])
def test_float32_is_enough_for_4096_steps(framework, way, low, high):
    rng, T = np.random.default_rng(0), 4096
    a, b = rng.uniform(low, high, (1, T, 8)), rng.random((1, T, 8)) + 1e-3
    a, b = a.astype(np.float32), b.astype(np.float32)
    exact = by_hand(a.astype(np.float64), b.astype(np.float64), np.zeros((1, 8)))
    found = framework.array(getattr(framework.course, way)(framework.tensor(a), framework.tensor(b)))
    assert found.dtype == np.float32
    assert (np.abs(found - exact) / np.abs(exact).max(axis=1)).max() < 1e-6


def test_the_closed_form_by_products_would_not_do():
    a = np.random.default_rng(0).uniform(0, 1, (1, 512, 8)).astype(np.float32)
    with np.errstate(all="ignore"):
        product = a.cumprod(axis=1)
        assert not np.isfinite(product * (1 / product).cumsum(axis=1)).all()


def written(framework, way, T):
    """How many numbers a gradient of the recurrence writes on the way, forwards and backwards."""
    compute, shape = getattr(framework.course, way), (2, T, 3)
    if hasattr(framework, "torch"):
        from torch.utils._python_dispatch import TorchDispatchMode
        from torch.utils._pytree import tree_leaves

        class Counting(TorchDispatchMode):
            total = 0

            def __torch_dispatch__(self, function, types, args=(), kwargs=None):
                found = function(*args, **(kwargs or {}))
                views = getattr(function, "is_view", False)
                self.total += 0 if views else sum(part.numel() for part in tree_leaves(found) if part is not None)
                return found

        a, b = (framework.torch.ones(shape, requires_grad=True) for _ in "ab")
        with Counting() as counting:
            framework.torch.autograd.grad(compute(a, b).sum(), (a, b))
        return counting.total
    tf = framework.tf

    @tf.function(autograph=False)
    def gradient(a, b):
        return tf.gradients(tf.reduce_sum(compute(a, b)), (a, b))

    operations = gradient.get_concrete_function(*[tf.TensorSpec(shape)] * 2).graph.get_operations()
    outputs = [output for operation in operations for output in operation.outputs]
    # the gradient of a slice is as large as what it was cut from, and the graph does not know how large that is
    return sum(output.shape.num_elements() or math.prod(shape) for output in outputs)


@each_way
def test_the_backward_pass_does_not_grow_with_the_square(framework, way):
    few, many = (written(framework, way, T) for T in (32, 128))  # O(T²) would be 16 times as much
    assert many < 7 * few


def test_the_library_scan_of_pytorch_agrees(pytorch):
    scan = pytest.importorskip("torch._higher_order_ops.associative_scan")  # there is no public one
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (2, 13, 3)), rng.normal(size=(2, 13, 3))

    def theirs(a, b):
        return scan.associative_scan(combine, (a, b), dim=1, combine_mode="generic")[1]

    compare_gradients(pytorch, theirs, a, b)


@pytest.mark.parametrize("way", ["tf.scan", "keras.ops.associative_scan"])
def test_the_library_scans_of_tensorflow_agree(tensorflow, way):
    tf, rng = tensorflow.tf, np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (2, 13, 3)), rng.normal(size=(2, 13, 3))

    def theirs(a, b):
        if way == "keras.ops.associative_scan":
            return tensorflow.keras.ops.associative_scan(combine, (a, b), axis=1)[1]
        a, b = (tf.transpose(part, [1, 0, 2]) for part in (a, b))
        return tf.transpose(tf.scan(lambda h, step: step[0] * h + step[1], (a, b), tf.zeros_like(b[0])), [1, 0, 2])

    compare_gradients(tensorflow, theirs, a, b)


def compare_gradients(framework, theirs, a, b):
    factors = framework.tensor(np.random.default_rng(1).normal(size=a.shape))
    ours = framework.course.linear_scan
    close(framework.array(theirs(*map(framework.tensor, (a, b)))), by_hand(a, b, np.zeros((2, 3))), 1e-12)
    found, expected = (
        framework.gradients(lambda a, b, scan=scan: framework.total(scan(a, b) * factors), a, b)
        for scan in (ours, theirs)
    )
    for mine, value in zip(found, expected, strict=True):
        close(mine, value, 1e-11)


@each_way
@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        (((2, 4, 5), (2, 3, 5)), ["a has shape (2, 4, 5) and b (2, 3, 5)", "expected one shape (n, T, …)"]),
        (((2, 0, 5), (2, 0, 5)), ["a has shape (2, 0, 5)", "T 1 or more"]),
        (((4,), (4,)), ["a has shape (4,)", "(n, T, …)"]),
        (((2, 4, 5), (2, 4, 5), (5,)), ["H has shape (5,)", "expected (2, 5)"]),
    ],
)
def test_shapes_that_do_not_fit_are_named(framework, way, shapes, said):
    with pytest.raises(ValueError) as error:
        getattr(framework.course, way)(*(framework.tensor(np.zeros(shape)) for shape in shapes))
    says(error, *said)
