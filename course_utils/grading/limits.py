"""What one submission may use."""

from dataclasses import asdict, dataclass

_MB = 2**20


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Code that asks for more loses the current question, and the report says why.

    Attributes:
        cell_seconds: for a cell of the notebook, in wall-clock time.
        call_seconds: for one call of a student's function, in wall-clock time.
        cpu_seconds: for everything that one process does, in processor time.
        submission_seconds: for the whole submission with all its restarts, in wall-clock time.
        memory_bytes: address space. 4 GB suits PyTorch and TensorFlow on a CPU.
        output_bytes: printed text.
        disk_bytes: all files together; they are kept in memory and vanish with the process.
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
