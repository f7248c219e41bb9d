"""`course`: the one command line of the course. A command calls one function of the package and prints its answer."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import typer

from course_utils.errors import CourseError
from course_utils.files import ROOT, require_writable


class _InOneSentence(typer.core.TyperGroup):
    """A group of commands whose `CourseError`s, and interruptions, end in a sentence on stderr and exit status 1."""

    def invoke(self, context: typer.Context) -> object:
        try:
            return super().invoke(context)
        except CourseError as error:
            typer.echo(f"[FAIL] {error}", err=True)
        except KeyboardInterrupt:
            typer.echo("[FAIL] interrupted: what is finished is kept; call it again to go on.", err=True)
        raise typer.Exit(1)


app = typer.Typer(
    cls=_InOneSentence, add_completion=False, no_args_is_help=True, help="Set up, run and check the course."
)


@app.command()
def doctor() -> None:
    """Check what the course needs of this machine, one line for each need; exit 1 if one is not met."""
    from course_utils.workshop.doctor import examine

    unmet = 0
    for finding in examine():
        typer.echo(str(finding))
        unmet += finding.state == "FAIL"
    if unmet:
        typer.echo(f"{unmet} of these needs {'is' if unmet == 1 else 'are'} not met.", err=True)
        raise typer.Exit(1)


data_app = typer.Typer(help="The data sets: list them, fetch them, verify them.")
app.add_typer(data_app, name="data")
DataNames = Annotated[list[str] | None, typer.Argument(help="Data sets, as `course data` lists them.")]
ChapterNames = Annotated[list[str] | None, typer.Argument(help="Chapters' numbers or names; all without any.")]


@data_app.callback(invoke_without_command=True)
def data(context: typer.Context) -> None:
    """The data sets: list them, fetch them, verify them."""
    if context.invoked_subcommand is None:
        list_data()


@data_app.command("list")
def list_data() -> None:
    """Show each data set: what it is for, where it comes from, its status here and its licence."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from course_utils.datasets import sources

    table = Table(*(Column(title, overflow="fold") for title in ("name", "for", "file", "status", "licence")))
    for name, state in sources.verify().items():
        source = sources.SOURCES[name]
        files = source.files[0].name if len(source.files) == 1 else f"{len(source.files)} files"
        where = f"{files} in {source.origin}" if source.default else f"{files} (optional)"
        table.add_row(name, source.use, where, escape(f"[{state}]"), source.licence)
    Console().print(table)
    typer.echo(f"Data folder: {sources.data_folder()}")


@data_app.command("fetch")
def fetch_data(
    names: DataNames = None,
    folder: Annotated[
        Path | None, typer.Option("--from", help="Copy the known files of this folder; no network is needed.")
    ] = None,
) -> None:
    """Bring data sets into the data folder and check them; without names, those that the course needs."""
    from course_utils.datasets import sources

    if folder is not None:
        for name in sources.copy_from(folder, names or None):
            typer.echo(f"[OK] {name}")
        return
    for name in names or sources.default_names():
        if sources.status(name) != "OK":
            typer.echo(f"fetching {name} from {sources.SOURCES[name].origin} ...")
            sources.fetch([name])
        typer.echo(f"[OK] {name}")


@data_app.command("verify")
def verify_data(names: DataNames = None) -> None:
    """Compare the files with the hashes on record; exit 1 if one is altered, or missing though named or needed."""
    from course_utils.datasets import sources

    bad = []
    for name, state in sources.verify(names or None).items():
        typer.echo(f"[{state}] {name}")
        needed = name in (names or sources.default_names())
        bad += [name] if state == "altered" or (state == "missing" and needed) else []
    if bad:
        raise sources.DataError(f"missing or altered: {', '.join(bad)}; run 'course data fetch {' '.join(bad)}'.")


@app.command()
def run(
    chapter: Annotated[str, typer.Argument(help="A chapter's number or name, such as 02.")],
    framework: Annotated[Literal["torch", "tensorflow", "both"], typer.Option(help="What to read about.")] = "both",
    out: Annotated[Path, typer.Option(help="The folder for the page.", show_default="build/")] = ROOT / "build",
) -> None:
    """Work through a chapter without a screen and leave an HTML page."""
    from course_utils.workshop import chapters, pages

    path = chapters.find_chapter(chapter)
    page = out / f"{path.stem}.html"
    typer.echo(f"{path.name} is run; what it shows is written to {page}.")
    pages.run(path, page, framework)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(
    context: typer.Context,
    framework: Annotated[Literal["torch", "tensorflow", "both"], typer.Option(help="What to read about.")] = "both",
    new: Annotated[bool, typer.Option("--new", help="Newer chapters, in a folder beside the one there is.")] = False,
) -> None:
    """Open JupyterLab on your own copy of chapters and assignments; what follows is for JupyterLab."""
    from course_utils.workshop import lab as jupyterlab
    from course_utils.workshop.reading import open_folder

    opened = open_folder(framework, new)
    for line in jupyterlab.sentences(opened, framework):
        typer.echo(line)
    jupyterlab.start(opened.folder, context.args)


@app.command()
def refresh(
    chapters: ChapterNames = None,
    force: Annotated[
        bool, typer.Option(help="Store all outputs anew, pictures whose words have not changed among them.")
    ] = False,
) -> None:
    """Execute chapters and store their outputs and metrics; a second time changes nothing."""
    from course_utils.workshop.chapters import find_chapters
    from course_utils.workshop.refresh import refresh as refresh_chapter

    for path in find_chapters(chapters):
        written = refresh_chapter(path, force=force)
        typer.echo(f"{path.name}: " + (f"written: {', '.join(written)}" if written else "nothing changed"))


@app.command()
def export(
    framework: Annotated[Literal["torch", "tensorflow"], typer.Option(help="The framework to keep.")],
    out: Annotated[Path, typer.Option(help="A new folder, or an empty one.")],
    chapters: ChapterNames = None,
) -> None:
    """Write chapters with one framework only: the other's cells and text are left out."""
    from course_utils.workshop.chapters import find_chapters
    from course_utils.workshop.export import export as export_chapters

    paths = find_chapters(chapters)
    export_chapters(paths, framework, out)
    typer.echo(f"{out}: {', '.join(path.name for path in paths)}")


@app.command()
def site(
    out: Annotated[Path, typer.Option(help="The folder for the site.", show_default="build/site")] = ROOT
    / "build/site",
    instructors: Annotated[bool, typer.Option("--instructors", help="With the instructors' guides.")] = False,
    repository: Annotated[
        str, typer.Option(help="Address of the course's repository, for the buttons that launch a chapter.")
    ] = "",
) -> None:
    """Build the course's web pages from what is stored: in both frameworks, and in each alone."""
    from course_utils.workshop.site import build

    build(out, instructors, repository, typer.echo)
    typer.echo(f"{out / 'index.html'}")


@app.command()
def colab(
    repository: Annotated[str, typer.Option(help="Address of the course's repository, which Colab clones.")],
    out: Annotated[Path, typer.Option(help="A new folder, or an empty one: the content of the branch `colab`.")],
) -> None:
    """Write chapters and assignments for Colab: with a first cell that brings the course there."""
    from course_utils.workshop.colab import write

    typer.echo(f"{out}: {write(ROOT, repository, out)} notebooks")


@app.command()
def slides(
    chapter: Annotated[str, typer.Argument(help="A chapter's number or name, such as 02.")],
    framework: Annotated[Literal["torch", "tensorflow", "both"], typer.Option(help="Whose cells are shown.")] = "both",
    out: Annotated[Path, typer.Option(help="The folder for the slides.", show_default="build/slides")] = ROOT
    / "build/slides",
) -> None:
    """Make slides for a lecture of a chapter's stored cells, for each framework a file of its own."""
    from course_utils.workshop import chapters, views
    from course_utils.workshop import slides as lecture

    path = chapters.find_chapter(chapter)
    for side in views.sides(framework):
        page = out / f"{path.stem}_{side}.html"
        lecture.write(path, page, side)
        typer.echo(f"{page}")


@app.command()
def timings() -> None:
    """Print what each chapter took when last refreshed, beside its budget."""
    from rich.console import Console

    from course_utils.workshop import chapters, results

    rows = results.timings(chapters.CHAPTERS, results.load(results.FILE))
    Console().print(results.timings_table(rows))


@app.command()
def sizes() -> None:
    """Print what there is to read in each chapter, in the view of one framework, and what it aims at."""
    from rich.console import Console

    from course_utils.workshop import sizes as of_chapters

    Console().print(of_chapters.table())


@app.command()
def perturb(chapters: ChapterNames = None) -> None:
    """Measure how far chapters' numbers differ on other kernels, threads and hash seeds; exit 1 if too far."""
    from course_utils.workshop import perturb as perturbed
    from course_utils.workshop import spread
    from course_utils.workshop.chapters import find_chapters, read

    problems = []
    for path in find_chapters(chapters):
        entry = perturbed.measure(path)
        perturbed.store(path.stem, entry)
        problems += [f"{path.stem}: {problem}" for problem in spread.too_wide(read(path), entry)]
        typer.echo(f"{path.name}: measured in {len(entry['combinations'])} combinations")
    if problems:
        typer.echo("\n".join(problems))
        raise typer.Exit(1)


@app.command()
def assignments() -> None:
    """Make the students' version of every assignment, in assignments/, from the masters in solutions/."""
    from course_utils.workshop.building import build

    require_writable(ROOT / "assignments", mend="make them in a copy of the course that is your own.")
    for name in build(ROOT, ROOT / "assignments"):
        typer.echo(f"assignments/{name}")


@app.command()
def variant(
    seed: Annotated[
        str, typer.Option(help="What is drawn depends on it, and on nothing else: the term, such as 2027.")
    ],
    out: Annotated[Path, typer.Option(help="A new folder, such as grading/variants/2027.")],
    names: Annotated[list[str] | None, typer.Argument(help="Assignments; all that have alternatives without.")] = None,
    unlike: Annotated[
        Path | None, typer.Option(help="Last year's folder: each choice is another one than there.")
    ] = None,
) -> None:
    """Draw what assignments ask for a term; masters and students' version are written into a folder."""
    from course_utils.workshop.variants import write_variants

    require_writable(out, mend="name a folder of your own by --out.")
    for name, choices in write_variants(ROOT, names or [], seed, out, unlike).items():
        typer.echo(f"{out / 'solutions' / name}: " + "; ".join(f"{each}: {drawn}" for each, drawn in choices.items()))


@app.command()
def check_submission(
    notebook: Annotated[Path, typer.Argument(help="The notebook that you will hand in; save it first.")],
) -> None:
    """Say what grading will make of a notebook: which answers count, which cells will not be graded, and why."""
    from course_utils.assignments import check_submission as check

    check(notebook, typer.echo)


@app.command()
def student_release(
    target: Annotated[Path, typer.Argument(help="A new folder, or a new file *.zip.")],
    framework: Annotated[Literal["torch", "tensorflow", "both"], typer.Option(help="What students use.")] = "both",
    variant: Annotated[
        Path | None, typer.Option(help="A folder made by `course variant`: its assignments are released.")
    ] = None,
) -> None:
    """Write a copy of the course for students: without masters, their tests and the instructors' guide."""
    from course_utils.workshop.releasing import release

    typer.echo(f"{target}: {release(ROOT, target, framework, variant)} files")


@app.command()
def grade(
    submissions: Annotated[Path, typer.Argument(help="nbgrader's `submitted`, a folder of notebooks, or a zip.")],
    assignment: Annotated[str, typer.Option(help="Its folder, or its name in solutions/, such as a2_gru.")],
    out: Annotated[Path, typer.Option(help="A folder for the results; what is in it already is not graded again.")],
    jobs: Annotated[int, typer.Option(min=1, help="Processes side by side.")] = 1,
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler that does it instead.")] = "",
    question: Annotated[list[str] | None, typer.Option(help="Grade this question again, and leave the others.")] = None,
    deadline: Annotated[
        str, typer.Option(help="Such as 2026-03-01T18:00, in this machine's time; a date alone is the end of that day.")
    ] = "",
    times: Annotated[
        Path | None, typer.Option(help="A CSV with the times of submission, such as the platform's grade book.")
    ] = None,
    roster: Annotated[Path | None, typer.Option(help="A CSV with the students, their groups and extensions.")] = None,
    names: Annotated[
        str, typer.Option(help="A regular expression for the files' paths, with (?P<student>…) in it.")
    ] = "",
    compare_with: Annotated[
        list[Path] | None, typer.Option(help="Another year's submissions, to find answers that look like theirs.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how everything is read, and grade nothing.")] = False,
    late_percent: Annotated[float, typer.Option(min=0, max=100, help="Taken off for each day begun.")] = 10,
    late_days: Annotated[int, typer.Option(min=0, help="Days after which nothing counts.")] = 7,
    gradebook: Annotated[
        Path | None, typer.Option(help="Also write marks into nbgrader's course in this folder.")
    ] = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="Take the points that people have given from there into the tables.")
    ] = False,
    unsandboxed: Annotated[
        bool, typer.Option("--unsandboxed", help="Run students' code WITHOUT a sandbox, with all your rights.")
    ] = False,
) -> None:
    """Grade a class: results, tables and pages in a folder. Interrupted, it goes on where it stopped."""
    command = _of_the_grader("command")
    require_writable(out, mend="name a folder of your own by --out.")
    settings = command.Settings(
        submissions=submissions,
        folder=command.find_assignment(assignment),
        out=out,
        jobs=jobs,
        scheduler=scheduler,
        sandboxed=not unsandboxed,
        questions=tuple(question or ()),
        deadline=command.read_deadline(deadline) if deadline else None,
        policy=command.LatePolicy(late_percent, late_days),
        gradebook=gradebook,
        finish=finish,
        names=names,
        times=times,
        roster=roster,
        compare_with=tuple(compare_with or ()),
        dry_run=dry_run,
    )
    failures = command.run(settings, typer.echo)
    for failure in failures:
        typer.echo(f"[FAIL] {failure}", err=True)
    if failures:
        raise typer.Exit(1)


def _of_the_grader(name: str) -> ModuleType:
    """A module of `course_utils.grading`, which students' copies do not have."""
    try:
        return importlib.import_module(f"course_utils.grading.{name}")
    except ImportError as error:
        missing = error.name or "course_utils.grading"
        mend = "only the instructors' copy has it" if missing.startswith("course_utils") else "run `make setup`"
        raise CourseError(f"The grader needs {missing}, which is not here: {mend}.") from error


@app.command()
def marks(
    export: Annotated[Path, typer.Argument(help="The grade file as the platform has exported it.")],
    platform: Annotated[
        Literal["canvas", "moodle", "gradebook"],
        typer.Option("--for", help="Canvas' grade book, Moodle's grading worksheet, or any other table of marks."),
    ],
    grades: Annotated[Path, typer.Option(help="The folder with grades.csv, made by `course grade … --finish`.")],
    out: Annotated[Path, typer.Option(help="A new file, to import into the platform.")],
    column: Annotated[str, typer.Option(help="The heading of the column to fill, or its beginning.")] = "",
    scale: Annotated[bool, typer.Option("--scale", help="Convert points to the platform's maximum.")] = False,
) -> None:
    """Fill the platform's own grade file with the final marks; all other cells stay as they are."""
    filled = _of_the_grader("marks").fill(export, platform, grades, out, column=column, scale=scale)
    for sentence in filled.look:
        typer.echo(f"[LOOK] {sentence}")
    typer.echo(f"{out}: {filled.count} mark{' is' if filled.count == 1 else 's are'} entered.")


def main() -> None:
    """Entry point of the `course` command."""
    app(prog_name="course")


if __name__ == "__main__":
    main()
