"""Everything is made and computed on the device asked for, as far as that shows on a machine without a GPU."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from data_helpers import says

from course_utils import repro
from course_utils.datasets import Vocab

IDS = np.zeros((2, 3), np.int64)


class EnoughSeenError(Exception):
    """Ends a training run, which on the meta device has no numbers to end with."""


class TwoBatches:
    """Batches of NumPy arrays that end with an error after the second."""

    carries_state = True

    def __iter__(self):
        yield IDS, IDS
        yield IDS, IDS
        raise EnoughSeenError


def layers(torch, course):
    for name in ("RNN", "GRU", "LSTM"):
        yield getattr(torch.nn, name)(7, 5, num_layers=2, batch_first=True)
    yield course.RNN(7, 5)


def test_pytorch_leaves_nothing_on_the_cpu(pytorch):
    # a tensor on the meta device has no numbers, and what mixes it with one on the CPU raises an error
    torch, course = pytorch.torch, pytorch.course
    for layer in layers(torch, course):
        model = course.RNNLM(layer, 7, dropout=0.1)
        with pytest.raises(EnoughSeenError):
            course.Trainer(1, 0.1, device="meta").fit(model, TwoBatches())
        assert {parameter.device.type for parameter in model.parameters()} == {"meta"}
        logits, state = model(torch.zeros((2, 3), dtype=torch.long, device="meta"), model.begin_state(2))
        assert {part.device.type for part in (logits, *pytorch.flat(state))} == {"meta"}
        # both come as far as the first number that has to leave the device
        with pytest.raises(RuntimeError, match=r"item\(\) cannot be called on meta tensors"):
            course.evaluate(model, [(IDS, IDS)])
        with pytest.raises(NotImplementedError, match="copy out of meta tensor"):
            course.generate(model, "a", 1, Vocab(list("abcdef")))


def test_weights_are_loaded_to_where_the_layer_is(pytorch):
    layer = pytorch.course.RNN(3, 5).to("meta")
    pytorch.course.weights.load(layer, {"W_xh": np.zeros((3, 5)), "W_hh": np.zeros((5, 5)), "b_h": np.zeros(5)})
    assert {parameter.device.type for parameter in layer.parameters()} == {"meta"}


ON_A_SECOND_CPU = """
import numpy as np
from course_utils.tensorflow import RNN, RNNLM, Trainer
import tensorflow as tf

[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
tf.debugging.set_log_device_placement(True)

class Data(list):
    carries_state = True

ids = np.zeros((2, 3), np.int64)
data = Data([(ids, ids)])
data.train, data.heldout = data, data
model = RNNLM(RNN(7, 5), 7)
Trainer(max_epochs=1, lr=0.1, device="/CPU:1").fit(model, data)
for variable in model.trainable_variables:
    print(f"{variable.path}: (trained): {variable.value.device}")
"""


def test_tensorflow_makes_and_computes_all_on_another_device(tensorflow):
    del tensorflow  # its devices are fixed by now: a process of its own
    command = [sys.executable, "-W", "error::UserWarning", "-c", ON_A_SECOND_CPU]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"CI": "1"}, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    placed = re.findall(r"^\S+: \((\w+)\): \S+:(CPU:\d)$", done.stdout, re.MULTILINE)  # name: (operation): device
    for operation in ("trained", "OneHot", "MatMul", "Tanh", "TanhGrad", "SparseSoftmaxCrossEntropyWithLogits"):
        assert {device for name, device in placed if name == operation} == {"CPU:1"}, operation


@pytest.mark.parametrize(("asked", "entered"), [("cpu", ["/CPU:0"]), ("auto", []), ("cuda", [])])
def test_tensorflow_stays_on_the_cpu_of_a_machine_with_a_gpu_unless_asked(tensorflow, monkeypatch, asked, entered):
    from course_utils.tensorflow import devices

    scopes = []

    class Scope:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            scopes.append(self.name)

    monkeypatch.setattr(tensorflow.tf.config, "list_physical_devices", lambda kind: [f"a {kind}"])
    monkeypatch.setattr(tensorflow.tf, "device", Scope)
    monkeypatch.setenv("DEVICE", asked)
    devices.stay_on_cpu()
    assert scopes == entered


def has_gpu(framework):
    return "cpu" not in str(framework.course.try_gpu()).lower()


@pytest.mark.parametrize("way", ["DEVICE", "Trainer"])
def test_a_gpu_that_is_not_there_is_named(framework, monkeypatch, way):
    if has_gpu(framework):
        pytest.skip("there is a GPU here")
    if way == "DEVICE":
        monkeypatch.setenv("DEVICE", "cuda")
    trainer = framework.course.Trainer(1, 0.1, device=None if way == "DEVICE" else "cuda")
    with pytest.raises(RuntimeError) as error:
        trainer.fit(framework.lm("scratch", 7, 5), [(IDS, IDS)])
    says(error, "device is cuda", "no GPU", "use cpu")


def test_auto_takes_the_gpu_if_there_is_one(framework, monkeypatch):
    find_device = framework.find_device
    assert find_device("auto") == framework.course.try_gpu()
    assert "cpu" in str(find_device()).lower(), "the default"
    monkeypatch.setenv("DEVICE", "AUTO")
    assert find_device() == framework.course.try_gpu()
    assert "cpu" in str(find_device("cpu")).lower(), "a name given counts more"


@pytest.mark.parametrize("name", ["gpu", "", "tpu"])
def test_a_wrong_device_is_named(framework, monkeypatch, name):
    monkeypatch.setenv("DEVICE", name)
    for wrong in (repro.device_name, framework.find_device):
        with pytest.raises(ValueError) as error:
            wrong()
        says(error, repr(name), "cpu, cuda or auto")
