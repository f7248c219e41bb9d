"""Where PyTorch computes."""

import torch

from course_utils.repro import device_name


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
    """The device of a name: "cpu", "cuda", "auto", PyTorch's own such as "cuda:1"; the one of $DEVICE for None.

    >>> find_device("cpu")
    device(type='cpu')
    """
    name = name or device_name()
    if str(name).startswith("cuda") and not torch.cuda.is_available():
        raise RuntimeError("The device is cuda, but PyTorch sees no GPU: use cpu, or install a CUDA build.")
    return try_gpu() if name == "auto" else torch.device(name)
