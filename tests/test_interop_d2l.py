"""The bridge to d2l: its text functions run on today's packages, and what is missing is said in a sentence."""

import importlib
import subprocess
import sys

import pytest

from course_utils.interop import d2l as bridge

needs_d2l = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("d2l", "torch")),
    reason=f"d2l or PyTorch is not installed ({bridge.INSTALL})",
)


@pytest.fixture
def fresh_import(monkeypatch):
    """Let d2l be imported anew, and leave `sys.modules` as it was afterwards."""
    for name in [name for name in sys.modules if name.partition(".")[0] in {"d2l", "torchvision"}]:
        monkeypatch.delitem(sys.modules, name)


@needs_d2l
def test_its_recurrent_network_computes_what_pytorch_does():
    torch = importlib.import_module("torch")
    d2l = bridge.load()
    n, T, d, h = 2, 7, 3, 5
    rnn = d2l.RNN(num_inputs=d, num_hiddens=h)
    X = torch.randn(T, n, d)
    outputs, state = rnn(X)
    assert outputs.shape == (T, n, h)
    torch.testing.assert_close(outputs, rnn.rnn(X)[0])
    torch.testing.assert_close(outputs[-1], state[0])


@needs_d2l
def test_its_text_tools_work():
    d2l = bridge.load()
    vocab = d2l.Vocab(list("so it goes so it goes"))
    assert vocab.to_tokens(vocab["g"]) == "g"
    assert d2l.bleu("the cat sat", "the cat sat", k=2) == pytest.approx(1.0)


def test_a_stand_in_says_what_is_missing_and_does_not_stay(monkeypatch):
    monkeypatch.setattr(bridge, "_DISPENSABLE", ("json", "nowhere.at_all"))
    with bridge._stand_ins():
        from json import loads  # what is there stays what it is

        from nowhere.at_all import anything

        assert loads("[1]") == [1]
        with pytest.raises(ModuleNotFoundError, match=r"pip install nowhere$"):
            anything()
    assert not [name for name in sys.modules if name.startswith("nowhere")]


@needs_d2l
@pytest.mark.usefixtures("fresh_import")
def test_a_part_that_needs_torchvision_says_so():
    if importlib.util.find_spec("torchvision") is not None:
        pytest.skip("torchvision is installed here")
    d2l = bridge.load()
    assert "torchvision" not in sys.modules
    with pytest.raises(ModuleNotFoundError, match=r"torchvision.*pip install torchvision"):
        d2l.FashionMNIST(batch_size=4)


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
@pytest.mark.parametrize("what", ["d2l", "framework"])
def test_what_is_not_installed_is_named_with_the_command_that_installs_it(monkeypatch, what, framework):
    absent = {"framework": framework}.get(what, what)
    monkeypatch.setattr(bridge, "find_spec", lambda name: None if name == absent else object())
    with pytest.raises(ModuleNotFoundError, match=rf"needs {absent}, which is not installed; run: .*pip install"):
        bridge.load(framework)


def test_there_are_two_sides():
    with pytest.raises(ValueError, match="framework is 'jax': give 'torch' or 'tensorflow'"):
        bridge.load("jax")


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_an_import_writes_nothing(framework):
    for package in ("d2l", framework):
        pytest.importorskip(package)
    script = f"from course_utils.interop import d2l; print(d2l.load({framework!r}).__name__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"d2l.{framework}\n", "")
