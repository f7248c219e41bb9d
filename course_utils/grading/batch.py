"""Many submissions in parallel: in processes of this machine, or on the workers of a Dask cluster.

Each is graded by the same function, `grade_job`. Workers return their results, and only the main process writes them,
so a worker that is killed costs no more than the time for its current submission.
"""

import atexit
import logging
import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_utils.assignments.hiding import courses
from course_utils.assignments.loading import Assignment, load_assignment
from course_utils.assignments.released import released
from course_utils.errors import CourseError
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Result, Submission, assignment_hash, grade_submission
from course_utils.grading.kinds import UNSANDBOXED
from course_utils.grading.limits import Limits
from course_utils.grading.probes import find
from course_utils.grading.sandbox import NoSandbox, SandboxError, Zygote, uninterrupted

_CONNECT_SECONDS = 10
_LONELY_SECONDS = 60  # how long a cluster may be without any worker: a nanny needs a few to start a lost one anew
_LOOK_SECONDS = 0.1
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
        given = next(each.modules for each in released(assignment) if each.framework == framework)
        forbidden = {name for question in assignment.questions for name in question.forbids}
        modules = tuple(dict.fromkeys((*given, *courses(forbidden, [framework]))))
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
    """The result, or why there is none; what is wrong with the assignment or the machine is raised."""
    try:
        return grade_job(job)
    except GradingError as error:
        return error
    except (CourseError, OSError):
        raise
    except Exception as error:  # a fault of the grader's own, which must not stop the others
        where = traceback.extract_tb(error.__traceback__)[-1]
        fault = f"{type(error).__name__} in {Path(where.filename).name}, line {where.lineno}: {error}"
        return GradingError(f"the grader failed at it ({fault}).")


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
                with uninterrupted():  # which the processes started here inherit: the grader alone hears Ctrl-C
                    futures = {pool.submit(_graded, job): job for job in left}
                for future in as_completed(futures):
                    result = future.result()
                    left.remove(futures[future])
                    breaks = 0
                    yield futures[future], result
            except BrokenProcessPool:  # one was killed: by hand, or because memory ran out
                breaks += 1
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for process in multiprocessing.active_children():
                    process.kill()
                raise
    yield from _one_by_one(left)


def _one_by_one(jobs: Sequence[Job]) -> Iterator[tuple[Job, Result | GradingError]]:
    """Grade in a single process, and in a new one after a submission that has killed it."""
    left = list(jobs)
    while left:
        with _pool(1) as pool:
            try:
                while left:
                    with uninterrupted():
                        future = pool.submit(_graded, left[0])
                    yield left[0], future.result()
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
        GradingError: Dask is not installed, the scheduler cannot be reached or is lost, or all workers are lost.
    """
    try:
        from distributed import Client
        from distributed import as_completed as as_distributed
    except ImportError as error:
        raise GradingError("Dask is not installed, and --scheduler needs it: run `pip install distributed`.") from error
    try:
        with _quiet(), Client(address, timeout=_CONNECT_SECONDS) as client:
            by_key = {client.submit(_graded, job, pure=False, retries=2): job for job in jobs}
            completed, seen = as_distributed(list(by_key)), time.monotonic()
            while not completed.is_empty():
                for future in completed.next_batch(block=False):
                    yield by_key[future], _gathered(future)
                    seen = time.monotonic()
                if client.scheduler_info()["workers"]:
                    seen = time.monotonic()
                elif time.monotonic() - seen > _LONELY_SECONDS:
                    raise GradingError(
                        f"The cluster at {address} has had no worker for {_LONELY_SECONDS} s: start one "
                        f"(`dask worker {address} --nthreads 1`) and run the same command again to go on."
                    )
                time.sleep(_LOOK_SECONDS)
    except OSError as error:
        raise GradingError(
            f"The scheduler at {address} cannot be reached, or was lost: run the same command again to go on."
        ) from error


def _gathered(future: Any) -> Result | GradingError:
    """What a cluster made of a job: its result; or an error, raised if it concerns all jobs."""
    if future.status == "finished":
        return future.result()
    error = future.exception() if future.status == "error" else None
    if isinstance(error, CourseError):
        raise error
    if type(error).__name__ == "KilledWorker":
        return GradingError("it killed its workers, perhaps because memory ran out.")
    raise GradingError(
        f"The cluster lost a submission ({error or future.status}): run the same command again to go on."
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what Dask logs, with tracebacks, about what is said here in a sentence."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
