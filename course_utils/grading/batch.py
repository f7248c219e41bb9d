"""Many submissions in parallel: in processes of this machine, or on the workers of a Dask cluster.

Each is graded by the same function, `grade_job`. Workers return their results, and only the main process writes them,
so a worker that is killed costs no more than the time for its current submission.
"""

import atexit
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from course_utils.assignments.loading import Assignment, load_assignment
from course_utils.assignments.matching import released
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Result, Submission, assignment_hash, grade_submission
from course_utils.grading.kinds import UNSANDBOXED
from course_utils.grading.limits import Limits
from course_utils.grading.probes import find
from course_utils.grading.sandbox import NoSandbox, SandboxError, Zygote

_CONNECT_SECONDS = 10
_BREAKS = 3  # how often the pool may break before it finishes another submission


@dataclass(frozen=True)
class Job:
    """A submission, and all that is needed to grade it.

    Attributes:
        submission: the files.
        folder: of the assignment, in `solutions/`.
        secret: the instructor's.
        sandboxed: False runs it as an ordinary process, with all the rights of the person who grades.
        only: ids of the questions to grade; all if empty.
    """

    submission: Submission
    folder: Path
    secret: bytes
    sandboxed: bool
    only: frozenset[str]


class _Bench:
    """What a process keeps from one job to the next: the assignment, and a zygote for each framework."""

    def __init__(self):
        self._lock = threading.Lock()  # Dask runs jobs in threads
        self._assignments: dict[Path, tuple[str, Assignment]] = {}
        self._zygotes: dict[tuple, Zygote] = {}
        atexit.register(self.close)

    def assignment(self, folder: Path) -> Assignment:
        """The assignment as it is on disk now."""
        with self._lock:
            known = self._assignments.get(folder)
            if known is None or assignment_hash(known[1]) != known[0]:
                assignment = load_assignment(folder)
                known = self._assignments[folder] = (assignment_hash(assignment), assignment)
            return known[1]

    def zygote(self, assignment: Assignment, framework: str, sandboxed: bool) -> Zygote:
        """A zygote in a working sandbox, or without one."""
        modules = next(each.modules for each in released(assignment) if each.framework == framework)
        key = (framework, modules, sandboxed)
        with self._lock:
            if key not in self._zygotes:
                start = find if sandboxed else lambda *what: Zygote(UNSANDBOXED, *what)
                self._zygotes[key] = start(framework, modules)
            return self._zygotes[key]

    def close(self) -> None:
        """End the zygotes."""
        while self._zygotes:
            self._zygotes.popitem()[1].close()


_bench = _Bench()


def grade_job(job: Job) -> Result:
    """Grade a submission; see `grade.grade_submission`.

    Raises:
        SandboxError: there is no sandbox, or it has failed twice.
        AssignmentError: the assignment cannot be read.
    """
    assignment = _bench.assignment(job.folder)

    def attempt() -> Result:
        return grade_submission(
            job.submission,
            assignment,
            Limits(),
            job.secret,
            lambda framework: _bench.zygote(assignment, framework, job.sandboxed),
            job.only,
        )

    try:
        return attempt()
    except NoSandbox:
        raise
    except SandboxError:
        _bench.close()  # the machine may have ended the zygote, for instance because memory ran out
        return attempt()


def _graded(job: Job) -> Result | GradingError:
    try:
        return grade_job(job)
    except GradingError as error:
        return error


def _end_with_the_grader() -> None:
    """End this process when its parent is killed, which it would not notice by itself."""
    grader = multiprocessing.parent_process()

    def wait() -> None:
        grader.join()
        os._exit(1)  # what is in the sandbox ends with its connection to here

    threading.Thread(target=wait, daemon=True).start()


def in_processes(jobs: Sequence[Job], processes: int) -> Iterator[tuple[Job, Result | GradingError]]:
    """Grade in processes of this machine, or, if `processes` is 1, in this one; results come as they are ready.

    When processes are killed again and again, the rest is graded one by one, to find the submission that causes it:
    that one gets an error.
    """
    if processes == 1:
        yield from ((job, _graded(job)) for job in jobs)
        return
    left, breaks = list(jobs), 0
    while left and breaks < _BREAKS:
        with _pool(processes) as pool:
            try:
                futures = {pool.submit(_graded, job): job for job in left}
                for future in as_completed(futures):
                    result = future.result()
                    left.remove(futures[future])
                    breaks = 0
                    yield futures[future], result
            except BrokenProcessPool:  # one was killed: by hand, or because memory ran out
                breaks += 1
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    yield from _one_by_one(left)


def _one_by_one(jobs: Sequence[Job]) -> Iterator[tuple[Job, Result | GradingError]]:
    """Grade in a single process, and in a new one after a submission that has killed it."""
    left = list(jobs)
    while left:
        with _pool(1) as pool:
            try:
                while left:
                    yield left[0], pool.submit(_graded, left[0]).result()
                    del left[0]
            except BrokenProcessPool:
                yield left.pop(0), GradingError("its grading process was killed, perhaps because memory ran out.")


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _end_with_the_grader)


def on_cluster(jobs: Sequence[Job], address: str) -> Iterator[tuple[Job, Result | GradingError]]:
    """Grade on the workers of a Dask cluster, which must see the same files as this machine.

    Args:
        jobs: what to grade.
        address: of the scheduler, such as "tcp://10.0.0.1:8786".

    Raises:
        GradingError: Dask is not installed, or the scheduler cannot be reached or is lost.
    """
    try:
        from distributed import Client
        from distributed import as_completed as as_distributed
    except ImportError as error:
        raise GradingError("Dask is not installed, and --scheduler needs it: run `pip install distributed`.") from error
    try:
        with Client(address, timeout=_CONNECT_SECONDS) as client:
            by_key = {client.submit(_graded, job, pure=False, retries=2): job for job in jobs}
            for future in as_distributed(list(by_key)):
                if future.status != "finished":
                    reason = future.exception() if future.status == "error" else future.status
                    raise GradingError(
                        f"The cluster lost a submission ({reason}): run the same command again to go on."
                    )
                yield by_key[future], future.result()
    except OSError as error:
        raise GradingError(
            f"The scheduler at {address} cannot be reached, or was lost: run the same command again to go on."
        ) from error
