"""The same work as the references, theirs and ours side by side: results/scoreboard.json, and the table in README.

Run by `make scoreboard`. A row with a script of its own in references/ is measured anew where its stored result is
missing or older than the script, and goes on where it was interrupted; a row whose data are not here says so. The other
rows are quoted from what `make bench` stored. Nothing is retyped.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

os.environ["CI"] = "1"  # no progress bar

from course_utils import experiments
from course_utils.datasets import sources
from course_utils.files import write
from course_utils.workshop.results import with_table

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"
RESULT, README, SCRIPTS = RESULTS / "scoreboard.json", ROOT / "README.md", ROOT / "references"


@dataclass(frozen=True)
class Measured:
    """What one model was measured at: its quality, the processor seconds of its training, its parameters.

    Of several seeds, quality and seconds are means, and `spread` is the least and the largest quality.
    """

    quality: float
    seconds: float | None = None
    parameters: int | None = None
    spread: list[float] | None = None


@dataclass(frozen=True)
class Row:
    """One task, theirs and ours.

    `data` and `script` name the data set and the script that measures it, empty where there is none;
    `higher` says that more is better; `theirs` is what is published, None where theirs is run here; `ours` goes by
    framework, and has the key "" where the framework does not matter.
    """

    task: str
    measure: str
    reference: str
    data: str = ""
    script: str = ""
    recipe: str = "chosen"
    metric: str = "quality"
    higher: bool = False
    theirs: Measured | None = None
    ours: dict[str, Measured] = field(default_factory=dict)


MEASURED = [
    Row(
        task="The Time Machine, Dive into Deep Learning's windows",
        measure="held-out perplexity",
        reference="d2l's GRU, 50 epochs, run here",
        data="time_machine",
        script="windows",
    ),
    Row(
        task="The same, trained briefly",
        measure="held-out perplexity",
        reference="the same; the best published is 6.11",
        data="time_machine",
        script="windows",
        recipe="quick",
    ),
    Row(
        task="The Time Machine, its new edition's held-out bytes",
        measure="bits per byte",
        reference="its Mamba, as published (smolix/d2l-neu, chapter 13)",
        data="time_machine",
        script="bytes",
        metric="in_windows",
        theirs=Measured(2.24, parameters=488_739),
    ),
    Row(
        task="English into French, 503 pairs",
        measure="held-out BLEU-2",
        reference="d2l's encoder and decoder, run here",
        data="fra_eng",
        script="fra_eng",
        higher=True,
    ),
    Row(
        task="The same, the book's four sentences",
        measure="the book's BLEU",
        reference="d2l's encoder and decoder, run here",
        data="fra_eng",
        script="fra_eng",
        metric="four",
        higher=True,
    ),
    Row(
        task="Tiny Shakespeare, three minutes of a CPU",
        measure="validation loss, nats",
        reference="nanoGPT's recipe for a laptop, as published in its README",
        data="tinyshakespeare",
        script="shakespeare",
        theirs=Measured(1.88, parameters=800_000),
    ),
    Row(
        task="makemore's names",
        measure="test loss, nats",
        reference="its Transformer, about 1.92 as published in its README",
        data="names",
        script="names",
        theirs=Measured(1.92, parameters=200_000),
    ),
    Row(
        task="The adding problem, 600 steps",
        measure="test error, squared",
        reference="a GRU, as published (Bai et al., 2018, table 1)",
        script="adding",
        theirs=Measured(5.3e-5, parameters=70_000),
    ),
]
"""The rows that are run; `theirs` is filled in where it is run, too."""


def filled(row: Row) -> Row:
    """The row with what its script has stored; as it is, where that is missing or of another script."""
    try:
        runs = experiments.load(row.script, SCRIPTS)
    except experiments.ExperimentError:
        return row

    def measured(seeds) -> Measured:
        found, seconds = seeds[row.metric], round(float(seeds["training_seconds"].mean()), 2)
        spread = [float(found.min()), float(found.max())] if len(seeds) > 1 else None
        return Measured(float(found.mean()), seconds, int(seeds["parameters"].iloc[0]), spread)

    tested = runs[runs["part"] == "test"]
    ours = tested[(tested["who"] == "ours") & (tested["recipe"] == row.recipe)].groupby("framework", sort=False)
    theirs = row.theirs or measured(tested[tested["who"] == "theirs"])
    return replace(row, theirs=theirs, ours={framework: measured(seeds) for framework, seeds in ours})


def quoted(folder: Path) -> list[Row]:
    """The rows made of what other benchmarks have stored in a folder; a students' copy has not all of them."""
    cells, trainer, grading = (stored(folder / f"{name}.json") for name in ("cells", "trainer", "grading"))
    rows = []
    for framework, layer in {"torch": "nn.LSTM", "tensorflow": "keras.layers.LSTM"}.items():
        if cells:
            theirs, ours = (Measured(cells[framework]["LSTM 256"][name]) for name in ("layer", "literal"))
            task = "Training an LSTM of 256 units"
            rows.append(Row(task, "tokens a second", f"`{layer}`", higher=True, theirs=theirs, ours={framework: ours}))
        if trainer:
            theirs, ours = (Measured(trainer[framework][name]) for name in ("bare", "trainer"))
            task = "`Trainer`, two epochs of an RNN"
            rows.append(Row(task, "processor seconds", "a bare loop", theirs=theirs, ours={framework: ours}))
    if grading:
        theirs, ours = (Measured(grading[name]["seconds"]) for name in ("nbgrader", "course"))
        task = f"Grading {grading['submissions']} submissions"
        rows.append(Row(task, "seconds", "nbgrader, run here", theirs=theirs, ours={"": ours}))
    return sorted(rows, key=lambda row: row.task, reverse=True)


def stored(file: Path) -> dict:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def table(rows: list[dict]) -> str:
    """The rows as results/scoreboard.json has them, in Markdown.

    Ratios compare theirs with ours in PyTorch, or in the one framework that a row has, so that above 1 ours is better.
    """
    head = ["task", "reference", "measure", "theirs", "PyTorch", "TensorFlow", "ratio", "times faster", "parameters"]
    lines = [head, ["---"] * 3 + ["--:"] * 6]
    for row in rows:
        about = [row["task"], row["reference"], row["measure"]]
        if not row["ours"]:
            where = f" where the data set {row['data']} is" if row["data"] else ""
            missing = f"not measured yet: `make scoreboard` does it{where}"
            lines.append([*about, missing, *[""] * 5])
            continue
        theirs, ours = Measured(**row["theirs"]), {name: Measured(**each) for name, each in row["ours"].items()}
        first = next(iter(ours.values()))
        ratio = first.quality / theirs.quality if row["higher"] else theirs.quality / first.quality
        faster = f"{theirs.seconds / first.seconds:.1f}" if theirs.seconds and first.seconds else ""
        sizes = [f"{each.parameters:,}" for each in (theirs, first) if each.parameters]
        shown = [_shown(ours[name]) if name in ours else "" for name in ("torch", "tensorflow")]
        shown = [_shown(ours[""])] * 2 if "" in ours else shown
        cells = [_shown(theirs), *shown, f"{ratio:.2f}", faster, " → ".join(sizes)]
        lines.append([*about, *cells])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _shown(measured: Measured) -> str:
    """A quality, between which two the seeds are, and in how many seconds."""
    quality = _digits(measured.quality)
    if measured.spread:
        quality += f" ({'–'.join(map(_digits, measured.spread))})"
    return quality if measured.seconds is None else f"{quality} in {measured.seconds:.3g} s"


def _digits(quality: float) -> str:
    return f"{quality:,.0f}" if quality >= 1_000 else f"{quality:.4g}"


def gather() -> list[dict]:
    """All rows, as results/scoreboard.json has them."""
    return [asdict(row) for row in [*map(filled, MEASURED), *quoted(RESULTS)]]


def measure(script: str, data: str) -> None:
    """Run a script unless its stored result is of today's script, or its data are not here."""
    try:
        experiments.load(script, SCRIPTS)
    except experiments.ExperimentError as stale:
        if data and sources.status(data) != "OK":
            print(f"{stale} It is left out: the data set {data!r} is not here, see 'course data fetch {data}'.")
        else:
            subprocess.run([sys.executable, SCRIPTS / f"{script}.py", *sys.argv[1:]], check=True)


def main() -> None:
    for script, data in {row.script: row.data for row in MEASURED}.items():
        measure(script, data)
    rows = gather()
    write(RESULT, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    write(README, with_table(README.read_text(encoding="utf-8"), "references", table(rows)))


if __name__ == "__main__":
    main()
