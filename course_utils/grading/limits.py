"""What one submission may use."""

from dataclasses import asdict, dataclass

_MB = 2**20


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Code that asks for more loses the current question, and the report says why.

    Seconds are the processor's, so that a busy machine takes no points; but for two, which only what hangs reaches.

    Attributes:
        cell_seconds: for a cell of the notebook.
        call_seconds: for one call of a student's function.
        cpu_seconds: for everything that one process does.
        submission_seconds: for the whole submission with all its restarts.
        idle_seconds: by the clock, in which a process that was asked does nothing.
        clock_seconds: by the clock, for the whole submission.
        memory_bytes: address space, besides what the framework takes: its libraries, which differ between builds of
            PyTorch by 2.5 GB.
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
    idle_seconds: float = 60
    clock_seconds: float = 7200
    memory_bytes: int = 3072 * _MB
    output_bytes: int = 8 * _MB
    disk_bytes: int = 64 * _MB
    value_bytes: int = 64 * _MB
    threads: int = 96
    files: int = 256

    def as_dict(self) -> dict[str, float]:
        """Names and numbers, as JSON takes them."""
        return asdict(self)
