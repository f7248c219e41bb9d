"""What one submission may use."""

from dataclasses import asdict, dataclass

_MB = 2**20


@dataclass(frozen=True)
class Limits:
    """What one submission may use; whoever asks for more loses the question at hand, and the report says why.

    Attributes:
        cell_seconds: a cell of the notebook, by the clock on the wall.
        call_seconds: one call of a student's function, by the clock on the wall.
        cpu_seconds: everything that one process does, by the processor's clock.
        submission_seconds: the whole submission with all its restarts, by the clock on the wall.
        memory_bytes: address space. 4 GB suits PyTorch and TensorFlow on a CPU.
        output_bytes: what is printed.
        disk_bytes: files, all together; they are in memory and gone with the process.
        value_bytes: one answer of a student's function.
        threads: threads of the process; it cannot start other processes.
        files: open files.

    >>> Limits(call_seconds=5).call_seconds
    5
    """

    cell_seconds: float = 60
    call_seconds: float = 30
    cpu_seconds: int = 300
    submission_seconds: float = 600
    memory_bytes: int = 4096 * _MB
    output_bytes: int = 8 * _MB
    disk_bytes: int = 64 * _MB
    value_bytes: int = 64 * _MB
    threads: int = 96
    files: int = 256

    def as_dict(self) -> dict[str, float]:
        """Names and numbers, as JSON takes them."""
        return asdict(self)
