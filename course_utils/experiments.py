"""Experiments: sweeps too long for a chapter, run by `make experiments CH=05`; the chapter shows what they stored.

A script experiments/05_topic.py holds a list `SETTINGS`, a function `run` and, as its end,

    if __name__ == "__main__":
        experiments.main(__file__, SETTINGS, run)

and leaves results/experiments/05_topic.json: one entry for each setting, with the hash of the code that made it. What
several scripts share stands beside them, in a module whose name begins with _.
"""

import argparse
import ast
import hashlib
import importlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from course_utils import repro
from course_utils.errors import CourseError
from course_utils.files import write

SCRIPTS = Path(__file__).resolve().parents[1] / "experiments"

# As when a chapter is refreshed: one device, one thread, no progress bars of the training.
_ENVIRONMENT = {"CI": "1", "DEVICE": "cpu", **dict.fromkeys(repro.THREAD_VARIABLES, "1")}
_CONNECT_SECONDS, _LONELY_SECONDS = 10, 60
_alone = threading.Lock()  # a worker of a cluster may have several threads, and they would share their random numbers

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

Setting = dict[str, Any]
Run = Callable[..., dict[str, float | str]]


class ExperimentError(CourseError):
    """What is wrong with an experiment or its stored result, in one sentence."""


def main(file: str, settings: Sequence[Setting], run: Run) -> None:
    """Run each setting and write the result: the last line of an experiment's script.

    Each setting runs in a process of one thread, `--jobs` of them at a time, after its framework is imported and
    everything is seeded; with `--scheduler`, on the workers of a Dask cluster, which have the same course and data: a
    worker that is lost costs no more than the time for its current setting. What is finished is kept at once in
    results/experiments/NN_topic.part: run again after an interruption, the script goes on from there, unless it, its
    settings or the libraries have changed.

    Args:
        file: the script, `__file__`.
        settings: keyword arguments of `run`, each with a "framework" ("torch", "tensorflow", or "" for NumPy) and a
            "seed"; what JSON can hold.
        run: a function of the script that returns metrics, name → number, or text where a sentence is what was made.

    Raises:
        SystemExit: a setting failed, there is no cluster, or it was interrupted; the sentence says which. No result is
            written.
    """
    parser = argparse.ArgumentParser(description=sys.modules[run.__module__].__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=int, default=1, help="settings to run side by side (default: %(default)s)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster to run them on")
    asked = parser.parse_args()
    if asked.jobs < 1:
        parser.error(f"--jobs is {asked.jobs}, expected 1 or more")
    os.environ.update(_ENVIRONMENT)  # for the processes that are started here
    try:
        script = Path(file).resolve()
        with _workers(asked.jobs, asked.scheduler, _modules_of(script)) as workers:
            _sweep(script, [dict(setting) for setting in settings], run, workers)
    except ExperimentError as error:
        sys.exit(f"[FAIL] {error}")
    except KeyboardInterrupt:
        sys.exit("[FAIL] interrupted: what is finished is kept, run it again to go on.")


def load(name: str, folder: Path | None = None) -> pd.DataFrame:
    """The stored runs of an experiment: a row for each setting: its arguments, metrics and processor "seconds".

    Args:
        name: "05_topic" or "05".
        folder: where its script is; the course's experiments by default.

    Raises:
        ExperimentError: no such script, no result, or a result that other code made.
    """
    scripts = sorted((folder or SCRIPTS).glob("[!_]*.py"))
    found = [path for path in scripts if name in (path.stem, path.stem.partition("_")[0])]
    if len(found) != 1:
        known = ", ".join(path.stem for path in scripts) or "none"
        raise ExperimentError(f"There is no one experiment {name!r}: give the name of one of these: {known}.")
    [script] = found
    chapter = f"run `make experiments CH={script.stem.partition('_')[0]}`"
    result, mend = result_of(script), chapter if folder is None else f"run {script.name} again"
    if not result.exists():
        raise ExperimentError(f"The experiment {script.stem} has no result yet: {mend}.")
    stored = json.loads(result.read_text(encoding="utf-8"))
    if stored["sha"] != sha_of(script):
        raise ExperimentError(f"The result {result.name} is older than its script {script.name}: {mend}.")
    return pd.DataFrame(stored["runs"])


def result_of(script: Path) -> Path:
    """Where the result of a script is.

    >>> result_of(Path("course/experiments/05_topic.py")).as_posix()
    'course/results/experiments/05_topic.json'
    """
    return script.parents[1] / "results" / script.parent.name / f"{script.stem}.json"


def sha_of(script: Path) -> str:
    """The SHA-256 of the code of a script and of the modules beside it that it imports.

    Comments, docstrings and layout do not count, nor does the version of Python.
    """
    sha = hashlib.sha256()
    for file in [script, *_modules_of(script)]:
        sha.update(json.dumps(_shape(ast.parse(file.read_text(encoding="utf-8")))).encode())
    return sha.hexdigest()


def _modules_of(script: Path) -> list[Path]:
    """The modules beside a script that it imports, and those that they import."""
    files = [script]
    for file in files:  # grows on the way
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            imported = [node.module] if isinstance(node, ast.ImportFrom) else []
            imported += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            beside = (script.with_name(f"{name}.py") for name in imported)
            files += [path for path in beside if path.exists() and path not in files]
    return files[1:]


def _shape(node: Any) -> Any:
    """A part of a syntax tree as JSON can hold it.

    `ast.dump` and `ast.unparse` spell the same tree differently from one Python to the next, and a newer one has more
    fields: those that are empty are left out.

    >>> _shape(ast.parse("x = 0").body)
    [['Assign', {'targets': [['Name', {'id': "'x'", 'ctx': ['Store', {}]}]], 'value': ['Constant', {'value': '0'}]}]]
    """
    if isinstance(node, list):
        return [_shape(part) for part in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    if isinstance(node, ast.JoinedStr):  # Python 3.12.1 ends the format of f"{x:{width}}" with an empty string
        fields["values"] = [part for part in node.values if getattr(part, "value", None) != ""]
    return [type(node).__name__, {name: _shape(part) for name, part in fields.items() if part not in (None, [])}]


@contextmanager
def _workers(jobs: int, address: str | None, modules: Sequence[Path]) -> Iterator[Executor]:
    """What runs the settings: processes of this machine, or the cluster whose scheduler has this address.

    The cluster is sent these modules, which are not the course's.
    """
    if address is None:
        yield ProcessPoolExecutor(
            jobs,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=signal.signal,  # at Ctrl-C a worker ends without a word: the sentence is told here
            initargs=(signal.SIGINT, signal.SIG_DFL),
        )
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ExperimentError("--scheduler needs Dask, which is missing: run `pip install distributed`.") from error
    try:
        client = Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise ExperimentError(
            f"No scheduler answers at {address}: start one (`dask scheduler`) and give the address that it prints."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_LONELY_SECONDS)
        except TimeoutError as error:
            raise ExperimentError(
                f"The cluster at {address} has no worker: start one (`dask worker {address} --nthreads 1`)."
            ) from error
        for module in modules:
            client.upload_file(str(module), load=False)
        yield client.get_executor(pure=False)


def _sweep(script: Path, settings: Sequence[Setting], run: Run, workers: Executor) -> None:
    for setting in settings:
        if lacking := {"framework", "seed"} - setting.keys():
            raise ExperimentError(f"{script.stem}: the setting {setting} lacks {' and '.join(sorted(lacking))}.")
    result = result_of(script)
    result.parent.mkdir(parents=True, exist_ok=True)
    part = result.with_suffix(".part")
    head = {"script": script.name, "sha": sha_of(script), "versions": repro.versions()}
    done = _read_part(part, head, settings)

    def keep(index: int, entry: dict[str, Any]) -> None:
        done[index] = entry
        write(part, _json({**head, "settings": settings, "done": done}))

    failures = _run_all({i: setting for i, setting in enumerate(settings) if i not in done}, run, workers, keep)
    if failures:
        index, error = min(failures.items())
        raise ExperimentError(
            f"{script.stem}: {len(failures)} of {len(settings)} settings failed and no result is written; "
            f"the first is {settings[index]}: {type(error).__name__}: {error}"
        )
    write(result, _json({**head, "runs": [done[index] for index in range(len(settings))]}))
    part.unlink(missing_ok=True)


def _run_all(
    settings: dict[int, Setting], run: Run, workers: Executor, keep: Callable[[int, dict[str, Any]], None]
) -> dict[int, Exception]:
    """Run the settings on the workers, hand each entry to `keep` as it comes, and return the failures by index."""
    kept: set[int] = set()
    failures: dict[int, Exception] = {}
    futures: dict[Future, int] = {workers.submit(_measure, run, setting): i for i, setting in settings.items()}
    try:
        for future in tqdm(as_completed(futures), total=len(futures), unit="run"):
            try:
                keep(futures[future], future.result())
                kept.add(futures[future])
            except Exception as error:
                failures[futures[future]] = error
    finally:
        for future in futures:
            future.cancel()
        workers.shutdown()
        for future, index in futures.items():  # what has ended, too, though Ctrl-C came before it was kept
            if index not in kept and not future.cancelled() and future.exception() is None:
                keep(index, future.result())
    return failures


def _measure(run: Run, setting: Setting) -> dict[str, Any]:
    """One entry of the result: the setting, its metrics and its processor seconds."""
    with _alone:
        os.environ.update(_ENVIRONMENT)  # a cluster's worker has its own, which a framework reads when it is imported
        if setting["framework"]:
            importlib.import_module(f"course_utils.{setting['framework']}")
        repro.seed_everything(setting["seed"])
        start = time.process_time()
        metrics = run(**setting)
        seconds = round(time.process_time() - start, 3)
    if taken := metrics.keys() & {*setting, "seconds"}:
        raise ValueError(f"the metric {min(taken)!r} has the name of a setting or of the seconds: give it another")
    return {
        **setting,
        **{name: value if isinstance(value, int | str) else float(value) for name, value in metrics.items()},
        "seconds": seconds,
    }


def _read_part(part: Path, head: dict[str, Any], settings: Sequence[Setting]) -> dict[int, dict[str, Any]]:
    """Index → entry of what an earlier call finished; empty if that had another script, settings or versions."""
    if not part.exists():
        return {}
    stored = json.loads(part.read_text(encoding="utf-8"))
    done = stored.pop("done")
    same = stored == json.loads(_json({**head, "settings": settings}))
    return {int(index): entry for index, entry in done.items()} if same else {}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
