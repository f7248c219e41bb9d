"""Where PyTorch computes."""

import torch

from course_utils.repro import device_name
from course_utils.training import unseen_device, wrong_device


def try_gpu() -> torch.device:
    """The GPU, where there is one, else the CPU.

    >>> try_gpu().type in ("cuda", "mps", "cpu")
    True
    """
    for kind, backend in (("cuda", torch.cuda), ("mps", torch.backends.mps)):
        if backend.is_available():
            return torch.device(kind)
    return torch.device("cpu")


def find_device(name: str | torch.device | None = None) -> torch.device:
    """The device of a name: "cpu", "cuda" or "gpu", "auto", PyTorch's own such as "cuda:1"; $DEVICE for None.

    Raises:
        ValueError: it is no device's name.
        RuntimeError: PyTorch sees no such device.

    >>> find_device("cpu")
    device(type='cpu')
    """
    name = device_name() if name is None else name
    if name == "auto":
        return try_gpu()
    if not isinstance(name, str | torch.device):  # a number is a GPU's in a build for GPUs, and an error in others
        raise wrong_device(name, "PyTorch", "cuda:1")
    try:
        device = torch.device("cuda" if name == "gpu" else name)
    except RuntimeError as error:
        raise wrong_device(name, "PyTorch", "cuda:1") from error
    seen = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}.get(device.type)
    if seen is not None and (device.index or 0) >= seen:
        raise unseen_device(name, "PyTorch", seen, "install a CUDA build")
    return device
