"""Where TensorFlow computes."""

import tensorflow as tf

from course_utils.repro import device_name


def try_gpu() -> str:
    """The name of the GPU, where there is one, else of the CPU, for `tf.device` and `Trainer(device=…)`.

    >>> try_gpu() in ("/GPU:0", "/CPU:0")
    True
    """
    return "/GPU:0" if tf.config.list_logical_devices("GPU") else "/CPU:0"


def find_device(name: str | None = None) -> str:
    """TensorFlow's name of a device: of "cpu", "cuda", "auto", its own such as "/CPU:1"; of $DEVICE for None.

    >>> find_device("cpu")
    '/CPU:0'
    """
    name = name or device_name()
    if name == "cuda" and try_gpu() != "/GPU:0":
        raise RuntimeError("The device is cuda, but TensorFlow sees no GPU: use cpu, or install tensorflow[and-cuda].")
    return {"cpu": "/CPU:0", "cuda": "/GPU:0"}.get(name) or (try_gpu() if name == "auto" else name)


def stay_on_cpu() -> None:
    """Unless $DEVICE asks for a GPU, make the CPU the default, also on a machine where TensorFlow would take the GPU.

    The scope is entered for good; a `with tf.device(try_gpu())` inside a notebook still leads to the GPU.
    """
    if device_name() == "cpu" and tf.config.list_physical_devices("GPU"):
        tf.device("/CPU:0").__enter__()
