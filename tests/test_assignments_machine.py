"""The machine behind the assignments: values over the border, hidden names, errors, marks, cases on record."""

import enum
import functools
import importlib
import re
import tempfile
import types
from collections import ChainMap, UserDict, deque, namedtuple
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from course_utils.assignments import (
    AssignmentError,
    BadValue,
    Checker,
    Forbidden,
    LocalStudent,
    NotAttempted,
    StudentError,
    StudentLost,
    Wrong,
    hidden,
    question,
    recording,
    serializing,
)
from course_utils.assignments.backends import numpy as numeric
from course_utils.assignments.nested import difference, leaves, mapped

ARRAYS = st.one_of(
    arrays("float32", array_shapes(max_dims=3, max_side=4), elements=st.floats(-9, 9, width=32)),
    arrays("int64", array_shapes(max_dims=2, max_side=4), elements=st.integers(-99, 99)),
    arrays("bool", array_shapes(max_dims=2, max_side=4)),
)
VALUES = st.recursive(
    st.one_of(ARRAYS, st.none(), st.integers(-9, 9), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner, inner), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def lend(source, **names):
    """The function that the text defines, as if it stood in a notebook's cell."""
    namespace = {"__name__": "__main__", **names}
    exec(compile(source, "<cell>", "exec"), namespace)
    return [value for value in namespace.values() if isinstance(value, types.FunctionType)][-1]


@pytest.fixture(scope="module")
def side(framework):
    """The framework's name and its border."""
    name = framework.course.__name__.rpartition(".")[2]
    return name, importlib.import_module(f"course_utils.assignments.backends.{name}")


@given(value=VALUES)
def test_values_come_back_as_they_went(side, value):
    assert same(side[1].to_arrays(side[1].to_tensors(value)), value)


@given(value=VALUES)
def test_values_are_stored_and_read_again(value):
    with tempfile.TemporaryDirectory() as folder:
        serializing.write(mapped(value, recording._rounded), Path(folder) / "value")
        assert same(serializing.read(Path(folder) / "value"), value)


def same(one, other):
    shapes = [[(np.shape(leaf), np.asarray(leaf).dtype.kind) for leaf in leaves(each)] for each in (one, other)]
    kinds = [mapped(each, lambda leaf: None) for each in (one, other)]
    return difference(one, other, 1e-5) is None and shapes[0] == shapes[1] and kinds[0] == kinds[1]


def test_tensors_have_the_kinds_that_the_framework_makes(side):
    tensors = side[1].to_tensors([np.zeros(2), np.zeros(2, "uint8"), np.zeros(2, bool)])
    kinds = ["float32", {"torch": "int64", "tensorflow": "int32"}[side[0]], "bool"]
    assert [re.search(r"(\w+)\W*$", str(tensor.dtype).replace("'>", ""))[1] for tensor in tensors] == kinds


@pytest.mark.parametrize("wrt", [0, 1])
def test_gradients_are_those_of_numpy(side, wrt):
    def function(params, X):
        return X @ params["W"] * params["b"][0], (X * X).sum() if side is None else X * X

    rng = np.random.default_rng(0)
    args = {"W": rng.normal(size=(3, 2)), "b": [rng.normal(size=2)]}, rng.normal(size=(4, 3))
    weights = rng.normal(size=(4, 2)), rng.normal(size=(4, 3))
    actual = side[1].gradient(function, args, {}, wrt, weights)
    assert difference(actual, numeric.gradient(function, args, {}, wrt, weights), 1e-5) is None
    only_first = side[1].gradient(function, args, {}, wrt, (weights[0], None))
    assert difference(only_first, numeric.gradient(function, args, {}, wrt, (weights[0], None)), 1e-5) is None


def test_where_no_gradient_arrives_it_is_zero(side):
    X = np.ones((2, 3))
    ones = side[1].to_tensors(np.ones((2, 3)))
    assert not side[1].gradient(lambda X: ones, (X,), {}, 0, X).any()


def test_what_is_no_plain_value_does_not_pass(side):
    student = LocalStudent({"f": lambda x: (x, iter([])), "g": lambda x: x}, side[0])
    with pytest.raises(BadValue) as error:
        student.call("f", 1)
    says(error, "a list_iterator came, expected tensors, arrays, numbers or text")
    with pytest.raises(BadValue, match=r"an array of shape \(2,\) came, a tensor of shape \(3,\) was expected"):
        student.gradient("g", np.ones(2), wrt=0, weights=np.ones(3))
    with pytest.raises(BadValue, match="1 values came, 2 were expected"):
        student.gradient("g", np.ones(2), wrt=0, weights=(1, 1))
    with pytest.raises(BadValue, match="there is no function h"):
        student.call("h")


def test_a_named_tuple_counts_as_a_tuple(side):
    State = namedtuple("State", "H C")
    student = LocalStudent({"f": lambda state: State(*state)}, side[0])
    assert same(student.call("f", (np.zeros(2), np.ones(3))), (np.zeros(2), np.ones(3)))
    assert same(student.call("f", State(np.zeros(2), 1)), (np.zeros(2), 1))


def _tensor(side, *numbers):
    return side[1].to_tensors(np.array(numbers))


ONE_AND_TWO = np.array([1.0, 2.0])
OTHER_KINDS = {
    "a ChainMap": (lambda T: ChainMap({"a": T(1.0)}, {"b": 2}), {"a": np.array([1.0]), "b": 2}),
    "a UserDict": (lambda T: UserDict(a=T(1.0)), {"a": np.array([1.0])}),
    "a proxy of a dict": (lambda T: types.MappingProxyType({"a": 1}), {"a": 1}),
    "a deque": (lambda T: deque([T(1.0), 2]), [np.array([1.0]), 2]),
    "a dict's values": (lambda T: {"a": 1, "b": 2}.values(), [1, 2]),
    "a range": (lambda T: range(3), [0, 1, 2]),
    "float128": (lambda T: np.array([1, 2], np.longdouble), ONE_AND_TWO),
    "a float128": (lambda T: np.longdouble(1.5), 1.5),
    "a Series": (lambda T: pd.Series([1.0, 2.0]), ONE_AND_TWO),
    "numbers as objects": (lambda T: np.array([1, np.float32(2)], object), ONE_AND_TWO),
    "words in an array": (lambda T: np.array(["a", "b"]), ["a", "b"]),
    "a word of NumPy's": (lambda T: np.str_("a"), "a"),
    "an Enum's number": (lambda T: enum.IntEnum("E", "A").A, 1),
    "a fraction": (lambda T: Fraction(1, 2), 0.5),
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_results_of_other_kinds_are_as_good(side, kind):
    make, expected = OTHER_KINDS[kind]
    got = LocalStudent({"f": lambda: make(functools.partial(_tensor, side))}, side[0]).call("f")
    assert difference(serializing.decode(serializing.encode(got)), expected, 1e-6) is None


def test_results_of_the_frameworks_other_kinds(side):
    if side[0] == "torch":
        torch = importlib.import_module("torch")
        kinds = [
            torch.nn.ParameterDict({"a": torch.ones(2)}),
            torch.nn.ParameterList([torch.ones(2)]),
            torch.ones(2, dtype=torch.bfloat16),
            torch.eye(2).to_sparse(),
            torch.nn.Parameter(torch.ones(2)),
        ]
    else:
        tf, keras = importlib.import_module("tensorflow"), importlib.import_module("keras")
        kinds = [
            tf.Module(),
            [keras.Variable(np.ones(2))],
            tf.ones(2, tf.bfloat16),
            tf.sparse.from_dense(tf.eye(2)),
            tf.Variable(tf.ones(2)),
        ]
        kinds[0].a = {"a": tf.ones(2)}
        kinds[0] = kinds[0].a  # TensorFlow's own kind of dict
    for kind, expected in zip(kinds, [{"a": np.ones(2)}, [np.ones(2)], np.ones(2), np.eye(2), np.ones(2)], strict=True):
        got = LocalStudent({"f": lambda kind=kind: kind}, side[0]).call("f")
        assert difference(serializing.decode(serializing.encode(got)), expected, 1e-6) is None


def f_that_adds(name, values):
    values[name] = values["b"]


def f_that_sorts(name, values):
    values["rows"].sort()


def f_in_place(name, values):
    values["b"] *= 2  # a tensor's own memory in PyTorch, another tensor in the dictionary in TensorFlow


@pytest.mark.parametrize("function", [f_that_adds, f_that_sorts, f_in_place])
def test_a_function_must_not_change_its_arguments(side, function):
    values = {"b": np.array([1.0, np.nan]), "rows": [2, 1]}
    with pytest.raises(BadValue, match="f changed what it was given: compute new values"):
        LocalStudent({"f": function}, side[0]).call("f", "c", values)
    assert LocalStudent({"f": lambda name, values: name}, side[0]).call("f", "c", values) == "c"


def test_only_the_stub_itself_is_not_attempted():
    stub = lend("def f(x):\n    raise NotImplementedError()")
    with pytest.raises(NotAttempted, match=r"^f is not done yet\.$"):
        LocalStudent({"f": stub}, "numpy").call("f", 1)
    user = lend("def g(x):\n    return f(x)")
    user.__globals__["f"] = types.FunctionType(stub.__code__, user.__globals__)  # in the same notebook
    with pytest.raises(StudentError, match=r"NotImplementedError: f is not done yet \(line 2\)"):
        LocalStudent({"g": user}, "numpy").call("g", 1)
    foreign = lend("def g(x):\n    return f(x)", f=stub)
    with pytest.raises(StudentError, match=r"NotImplementedError: \(line 2\)"):
        LocalStudent({"g": foreign}, "numpy").call("g", 1)


def test_an_error_says_what_and_where(side):
    function = lend("def f(X):\n    Y = X\n    return X @ Y")
    with pytest.raises(StudentError) as error:
        LocalStudent({"f": function}, side[0]).call("f", np.ones((2, 3)))
    says(error, "your code raised ", "(line 3)")


READY_MADE = {
    "torch": ("torch.nn.GRU", "lambda nn, X: nn.GRU(3, 5)(X)"),
    "tensorflow": ("keras.layers.GRU", "lambda nn, X: nn.GRU(5)(X)"),
}


def test_a_hidden_class_cannot_be_used_under_any_name(side):
    dotted, source = READY_MADE[side[0]]
    module = importlib.import_module(dotted.rpartition(".")[0])
    use = eval(source)
    X = side[1].to_tensors(np.zeros((2, 4, 3)))
    made_before = module.GRU(**{"torch": {"input_size": 3, "hidden_size": 5}, "tensorflow": {"units": 5}}[side[0]])
    alias = types.SimpleNamespace(GRU=module.GRU)
    use(alias, X)
    for function in (lambda X: use(alias, X), lambda X: use(module, X), lambda X: made_before(X)):
        with pytest.raises(Forbidden, match=f"^{dotted} is hidden"), hidden([dotted], {}):
            LocalStudent({"f": function}, side[0]).call("f", np.zeros((2, 4, 3), "float32"))
    assert use(alias, X) is not None
    assert made_before(X) is not None


def test_a_hidden_function_of_the_course(framework, side):
    dotted = f"course_utils.{side[0]}.weights.dump"
    layer, namespace = framework.course.RNN(3, 5), {"dump": framework.course.weights.dump}
    with hidden([dotted, "torch.nn.Nothing", "nowhere.at_all"], namespace):
        for dump in (namespace["dump"], framework.course.weights.dump):
            with pytest.raises(Forbidden, match=r"weights\.dump is hidden"):
                dump(layer)
    namespace["dump"](framework.course.RNN(3, 5))


@question(
    {"value": 4, "slope": 2, "largest": 2},
    reference=np.tanh,
    explained="chapter 02",
    forbids=("math.tanh",),
    wrong=[Wrong("sine", np.sin, "This is the sine.", keeps=0.5), Wrong("itself", lambda x: 1 * x, "This is x.")],
)
def check_squash(student, rng):
    x = rng.normal(size=(2, 3))
    yield "value", student.call("tanh", x)
    yield "slope", student.gradient("tanh", x, wrt=0, weights=1.0)
    yield "value", student.call("tanh", 2 * x)
    yield "largest", np.max(np.abs(student.call("tanh", 9 * x)))


def marks_of(function):
    mark = check_squash(LocalStudent({"tanh": function}, "numpy"), np.random.default_rng(3))
    return mark, {part.name: part for part in mark.parts}


def test_marks():
    mark, parts = marks_of(np.tanh)
    assert (mark.points, mark.max_points, mark.attempted) == (8, 8, True)
    mark, parts = marks_of(np.sin)
    assert [parts[name].points for name in ("value", "slope", "largest")] == [2, 1, 1]
    assert {part.misconception for part in mark.parts} == {"sine"}
    mark, parts = marks_of(lambda x: np.tanh(x) if np.abs(x).max() < 3 else np.tanh(x) + 1)
    assert parts["value"].passed is (mark.points == 6)
    mark, parts = marks_of(np.cos)
    assert mark.points == 0 and not any(part.misconception for part in mark.parts)
    assert re.fullmatch(r"at \(\d, \d\) \S+ came, \S+ was expected .*\. See chapter 02\.", parts["value"].message)


def test_what_comes_before_an_error_counts():
    def answer(x):
        if np.abs(x).max() > 8:
            raise ValueError("too large")
        return np.tanh(x)

    mark, parts = marks_of(answer)
    assert mark.points == 6
    assert parts["largest"].message == (
        f"your code raised ValueError: too large (line {answer.__code__.co_firstlineno + 2}: "
        'raise ValueError("too large")). See chapter 02.'
    )
    mark, _ = marks_of(lend("def tanh(x):\n    raise NotImplementedError()"))
    assert (mark.points, mark.attempted) == (0, False)


def test_a_lost_student_is_handed_on():
    def answer(x):
        raise StudentLost("more than 10 s passed")

    with pytest.raises(StudentLost):
        marks_of(answer)


def test_inputs_are_drawn_anew():
    seen = []
    for seed in (1, 2):
        student = LocalStudent({"tanh": lambda x: seen.append(x) or np.tanh(x)}, "numpy")
        check_squash(student, np.random.default_rng(seed))
    assert seen[0].shape == seen[len(seen) // 2].shape
    assert not np.array_equal(seen[0], seen[len(seen) // 2])


@pytest.fixture
def checks(tmp_path, monkeypatch):
    """The folder of the cases, in the one that a notebook would run in."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "checks"
    folder.mkdir()
    return folder


def test_where_it_is_explained_is_said_once(checks, capsys):
    recording.write(recording.record(check_squash), checks)
    Checker("numpy")("squash", lend("def tanh(x):\n    return np.cos(x)", np=np))
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("[FAIL]") == 2 and said.count("See chapter 02.") == 1
    assert said.index("[FAIL] value") < said.index("See chapter 02.") < said.index("[FAIL] slope")


def test_cases_on_record(checks, capsys):
    recording.write(recording.record(check_squash), checks)
    assert {path.name for path in checks.iterdir()} == {"squash.json", "squash.npz"}
    first = (checks / "squash.npz").read_bytes()
    recording.write(recording.record(check_squash), checks)
    assert (checks / "squash.npz").read_bytes() == first
    check = Checker("numpy")
    assert not check.done("squash")
    tanh = lend("def tanh(x):\n    return np.sin(x)", np=np)
    assert check("squash", tanh) == 3
    assert not check.done("squash")
    said = capsys.readouterr().out
    assert "This cell waits for squash: finish it, run its check, and come back.\nsquash\n" in said
    assert "  [FAIL] value (2 of 4 points): at" in said
    assert " ".join(said.split()).count("This is the sine.") == 1
    assert "  [LATER] largest: is checked when your work is graded\npoints for these cases, of 6:\n" in said
    tanh = lend("def tanh(x):\n    return np.tanh(x)", np=np)
    assert check("squash", tanh) == 6
    assert check.done("squash")
    assert "  [OK]   value\n  [OK]   slope\n" in capsys.readouterr().out
    stub = lend("def tanh(x):\n    raise NotImplementedError()")
    assert check("squash", stub) == 0
    assert capsys.readouterr().out == "squash: not done yet\n"


@pytest.mark.parametrize("damage", ["gone", "cut", "foreign", "arrays cut", "arrays empty", "arrays altered"])
def test_cases_that_cannot_be_read_are_one_sentence(checks, damage):
    recording.write(recording.record(check_squash), checks)
    if damage == "gone":
        (checks / "squash.npz").unlink()
    elif damage == "cut":
        (checks / "squash.json").write_text("{")
    elif damage.startswith("arrays"):
        path = checks / "squash.npz"
        whole = path.read_bytes()
        path.write_bytes({"cut": whole[:100], "empty": b"", "altered": whole[:175] + b"??" + whole[177:]}[damage[7:]])
    else:
        (checks / "squash.json").write_text('{"dict": {"id": "squash"}}')
    with pytest.raises(AssignmentError) as error:
        Checker("numpy")("squash", np.tanh)
    says(error, "The cases of squash cannot be read", "take this folder from the course anew")


def test_a_case_that_is_no_plain_value_is_the_authors_mistake(tmp_path):
    @question({"value": 1}, reference=lend("def f(x):\n    return {x: 1}"), explained="chapter 02")
    def check_f(student, rng):
        yield "value", student.call("f", 1)

    with pytest.raises(AssignmentError) as error:
        recording.write(recording.record(check_f), tmp_path)
    says(error, "f: its cases cannot be put on record: a dict came whose keys are not all text, expected text.")
    assert not [*tmp_path.iterdir()]


def test_a_reference_that_fails_is_the_authors_mistake():
    @question({"value": 1}, reference=lend("def f(x):\n    return x + nothing"), explained="chapter 02")
    def check_f(student, rng):
        yield "value", student.call("f", 1)

    with pytest.raises(AssignmentError, match="f: the reference answer fails: your code raised NameError"):
        check_f(LocalStudent({"f": abs}, "numpy"), np.random.default_rng(0))

    @question({"other": 1}, reference=abs, explained="chapter 02")
    def check_abs(student, rng):
        yield "value", student.call("abs", 1)

    with pytest.raises(AssignmentError, match=r"the check's parts are not those that have points, \['other'\]"):
        check_abs(LocalStudent({"abs": abs}, "numpy"), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (np.array([1, np.nan]), np.ones(2), r"at \(1,\) nan came, 1 was expected"),
        ((1, 2), (1, 2, 3), "2 values came, 3 were expected"),
        ({"a": 1, "c": [1]}, {"a": 1, "b": [1]}, "the names a, c came, a, b were expected"),
        ({"a": (1, 3)}, {"a": (1, 4)}, r"in a\[1\], 3 came, 4 was expected"),
        ("no", "yes", "the text 'no' came, the text 'yes' was expected"),
        (None, np.ones((2, 3)), r"None came, an array of shape \(2, 3\) was expected"),
        (np.ones(3), (np.ones(3), 1), r"an array of shape \(3,\) came, a tuple of 2 was expected"),
        (True, False, "True came, False was expected"),
        (np.ones((2, 0)), np.ones((2, 0)), None),
        ([1.0, "x", None], (1.0, "x", None), None),
        (1e6 + 10, 1e6, None),
        (1e6 + 1000, 1e6, "came"),
        (np.array([1.0, 5.0]), np.array([1.0, np.inf]), r"at \(1,\) 5 came, inf was expected"),
        (np.array([1, np.nan]), np.ones(2), "nan came, 1 was expected: no number, such as 0 divided by 0"),
        (np.array([1, np.inf]), np.ones(2), "inf came, 1 was expected: too large for a float32"),
        (-np.inf, 1.0, "^-inf came, 1 was expected: too large for a float32, .* or the logarithm of 0$"),
        ([1, 2.0], np.array([1.0, 2.0]), None),
        ([np.float32(1), np.array(2)], np.array([1.0, 2.0]), None),
        (((1, 2), (3, 4)), np.array([[1, 2], [3, 4]]), None),
        (np.array([1, 2]), [1, 2], None),
        ([1, 3], np.array([1.0, 2.0]), r"at \(1,\) 3 came, 2 was expected"),
        ([[1, 2], [3]], np.ones((2, 2)), "a list of 2 came, an array of shape"),
        ([np.ones(2), np.ones(2)], np.ones((2, 2)), "a list of 2 came, an array of shape"),
        ([1, "x"], np.ones(2), "a list of 2 came, an array of shape"),
        ([], np.ones(0), None),
    ],
)
def test_differences(actual, expected, said):
    found = difference(actual, expected, 1e-4)
    assert found is None if said is None else re.search(said, found)
