"""Weights in a file: what comes back, for either framework, and what is said of files that are none."""

import errno
import json
import pickle
from pathlib import Path

import numpy as np
import oracle
import pytest
from data_helpers import refuse, says
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from oracle_cells import Network

from course_utils import checkpoints

PARAMS = {"W_xh": np.arange(6, dtype=np.float32).reshape(2, 3), "b_h": np.array([0.5, -0.25, 1.0])}

numbers = st.one_of(
    arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    for dtype in (np.float32, np.float64)
)
# The same numbers, but lying otherwise in memory, as transposed weights and parts of matrices do.
layouts = st.sampled_from([lambda A: A, lambda A: A.T, lambda A: A[..., ::-1] if A.ndim else A, np.asfortranarray])
weights = st.builds(lambda A, lay: lay(A), numbers, layouts)
names = st.text(st.characters(codec="utf-8"), max_size=20).filter(lambda name: name != "__metadata__")


def by_the_format(content):
    """What a safetensors file holds, read by the format's description: length of the header, header, numbers."""
    start = 8 + int.from_bytes(content[:8], "little")
    for name, entry in json.loads(content[8:start]).items():
        begin, end = (start + offset for offset in entry["data_offsets"])
        dtype = {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]
        yield name, np.frombuffer(content[begin:end], dtype).reshape(entry["shape"])


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert (found[name].dtype, found[name].shape) == (value.dtype, value.shape)
        np.testing.assert_array_equal(found[name], value)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints") / "a model" / "rnn.safetensors"


@given(params=st.dictionaries(names, weights, max_size=4))
def test_what_was_saved_comes_back(file, params):
    checkpoints.save(file, params)
    found = checkpoints.load(file)
    same(found, params)
    same(dict(by_the_format(file.read_bytes())), params)
    assert all(value.flags.writeable for value in found.values())
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_path_may_be_a_string(tmp_path):
    checkpoints.save(f"{tmp_path}/rnn", PARAMS)
    same(checkpoints.load(f"{tmp_path}/rnn"), PARAMS)


def random_lm(framework, seed):
    n, T, V, h = 2, 3, 7, 5
    model = framework.lm("scratch", V, h)
    framework.course.weights.load(model, oracle.random_lm(np.random.default_rng(seed), Network("RNN", (h,)), V))
    return model, np.arange(n * T).reshape(n, T) % V


def test_a_model_comes_back_in_the_other_framework_too(pytorch, tensorflow, tmp_path):
    for one, other in [(pytorch, pytorch), (pytorch, tensorflow), (tensorflow, pytorch), (tensorflow, tensorflow)]:
        (model, X), (copy, _) = random_lm(one, 1), random_lm(other, 2)
        checkpoints.save(tmp_path / "lm.safetensors", one.course.weights.dump(model))
        other.course.weights.load(copy, checkpoints.load(tmp_path / "lm.safetensors"))
        logits = [side.array(net(side.tensor(X))[0]) for side, net in ((one, model), (other, copy))]
        np.testing.assert_allclose(logits[1], logits[0], atol=1e-6)
        same(other.course.weights.dump(copy), one.course.weights.dump(model))


def test_weights_of_another_model_are_refused_by_name(framework, tmp_path):
    checkpoints.save(tmp_path / "rnn.safetensors", PARAMS)
    with pytest.raises(ValueError) as error:
        framework.course.weights.load(random_lm(framework, 1)[0], checkpoints.load(tmp_path / "rnn.safetensors"))
    says(error, "named ['W_xh', 'b_h']", "W_hq")


def test_a_file_cut_off_anywhere_is_refused(file):
    checkpoints.save(file, PARAMS)
    content, cut = file.read_bytes(), file.with_name("cut.safetensors")
    for length in range(len(content)):
        cut.write_bytes(content[:length])
        with pytest.raises(ValueError) as error:
            checkpoints.load(cut)
        says(error, "cut.safetensors", "no whole safetensors file", "checkpoints.save")
    cut.unlink()


BFLOAT = b'{"W":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><title>404 Not Found</title>" * 9,
        pickle.dumps(PARAMS),
        json.dumps({"W_xh": [1.0, 2.0]}).encode(),
        bytes(100),
        len(BFLOAT).to_bytes(8, "little") + BFLOAT + b"\0\0",
    ],
    ids=["page", "pickle", "JSON", "zeros", "numbers that NumPy lacks"],
)
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(ValueError) as error:
        checkpoints.load(tmp_path / "model")
    says(error, f"{tmp_path / 'model'} is no whole safetensors file")


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir], ids=["nothing", "a folder"])
def test_a_missing_file_is_named(tmp_path, make):
    make(tmp_path / "model")
    with pytest.raises(FileNotFoundError) as error:
        checkpoints.load(tmp_path / "model")
    says(error, str(tmp_path / "model"), "train", "checkpoints.save")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ([PARAMS["W_xh"]], "of type list"),
        ({"b_h": [1.0]}, "'b_h'"),
        ({"b_h": np.array([1])}, "'b_h'"),
        ({"b_h": np.array(["a"])}, "'b_h'"),
        ({"b_h": np.array([1j])}, "'b_h'"),
        ({0: np.array([1.0])}, "entry 0"),
    ],
)
def test_what_are_no_weights_is_refused_and_nothing_written(tmp_path, params, said):
    with pytest.raises(TypeError) as error:
        checkpoints.save(tmp_path / "new" / "model", params)
    says(error, said, "NumPy array", "weights.dump(model)")
    assert list(tmp_path.iterdir()) == []


def test_when_the_disk_refuses_the_old_file_stays(tmp_path, monkeypatch):
    file = tmp_path / "model"
    checkpoints.save(file, PARAMS)
    monkeypatch.setattr(Path, "replace", refuse(errno.EACCES))
    with pytest.raises(OSError):
        checkpoints.save(file, {"b_h": np.array([1.0])})
    same(checkpoints.load(file), PARAMS)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
