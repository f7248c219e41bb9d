"""Where TensorFlow computes."""

import tensorflow as tf

from course_utils.repro import device_name
from course_utils.training import unseen_device, wrong_device


def try_gpu() -> str:
    """The name of the GPU, where there is one, else of the CPU, for `tf.device` and `Trainer(device=…)`.

    >>> try_gpu() in ("/GPU:0", "/CPU:0")
    True
    """
    return "/GPU:0" if tf.config.list_logical_devices("GPU") else "/CPU:0"


def find_device(name: str | None = None) -> str:
    """TensorFlow's name of a device: of "cpu", "cuda" or "gpu", "auto", its own such as "/CPU:1"; $DEVICE for None.

    Raises:
        ValueError: it is no device's name.
        RuntimeError: TensorFlow, which would take the CPU instead, sees no such device.

    >>> find_device("cpu")
    '/CPU:0'
    """
    name = device_name() if name is None else name
    if name == "auto":
        return try_gpu()
    try:
        device = tf.DeviceSpec.from_string(name.replace("cuda", "GPU"))
    except (ValueError, AttributeError) as error:
        raise wrong_device(name, "TensorFlow", "/GPU:1") from error
    if device.device_type not in ("CPU", "GPU"):
        raise wrong_device(name, "TensorFlow", "/GPU:1")
    seen, index = len(tf.config.list_logical_devices(device.device_type)), device.device_index or 0
    if index >= seen:
        raise unseen_device(name, "TensorFlow", seen, "install tensorflow[and-cuda]")
    return f"/{device.device_type}:{index}"


def stay_on_cpu() -> None:
    """Unless $DEVICE asks for a GPU, make the CPU the default, also on a machine where TensorFlow would take the GPU.

    The scope is entered for good; a `with tf.device(try_gpu())` inside a notebook still leads to the GPU.
    """
    if device_name() == "cpu" and tf.config.list_physical_devices("GPU"):
        tf.device("/CPU:0").__enter__()
