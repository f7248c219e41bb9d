"""A class that hands in a2_gru: what each student did, with which program, on which platform, and what that earns.

What is expected is known because each piece of work is made from the solution by a change whose worth the assignment
states. No part of the grader has a hand in it.
"""

import copy
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grading_programs import KEEPS_MARKS, PROGRAMS

ROOT = Path(__file__).resolve().parent.parent
NAME = "a2_gru"
POINTS = {"gru_step": 6, "gru_step_normed": 4, "other_convention": 4, "unroll": 11, "canonical": 6, "gradient_reach": 7}
BY_PEOPLE = {"explain_reach": 3.0, "open_question": 6.5}  # what people give for what is written
DUE = datetime(2026, 3, 1, 18, tzinfo=UTC)
MODULE = {"torch": "torch", "tensorflow": "tf"}
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
WORDS = (
    "The way through the gate has *one* factor Z a step.\n\nIn a plain RNN each step has a matrix.\n\n"
    "The price: it is slow to take in what is new."
)


def _read(folder, name, framework, root=ROOT):
    whole = json.loads((root / folder / name / f"{framework}.ipynb").read_text("utf-8"))
    for cell in whole["cells"]:
        cell["source"] = "".join(cell["source"])
    return whole


def solutions(name, framework, root=ROOT):
    """The right answers, by question."""
    cells = {cell["id"]: cell["source"] for cell in _read("solutions", name, framework, root)["cells"]}
    return {
        id_.removesuffix("_answer"): "\n".join(line for line in text.splitlines() if line.strip() not in (BEGIN, END))
        for id_, text in cells.items()
        if id_.endswith("_answer")
    }


SOLUTIONS = {framework: solutions(NAME, framework) for framework in MODULE}


class Paper:
    """The notebook that was handed out, while a student works on it."""

    def __init__(self, framework="torch", name=NAME):
        self.framework, self.whole = framework, _read("assignments", name, framework)
        self._added = 0

    def cell(self, cell_id):
        return next(cell for cell in self.whole["cells"] if cell["id"] == cell_id)

    def solve(self, *names):
        """Write right answers, all if none is named."""
        for name in names or POINTS:
            self.cell(f"{name}_answer")["source"] = SOLUTIONS[self.framework][name]
        return self

    def change(self, name, old, new):
        cell = self.cell(f"{name}_answer")
        assert old in cell["source"]
        cell["source"] = cell["source"].replace(old, new)
        return self

    def add(self, below, *sources, kind="code"):
        """New cells below one."""
        at = next(i for i, cell in enumerate(self.whole["cells"]) if cell["id"] == below) + 1
        for n, source in enumerate(sources):
            self._added += 1
            cell = {"cell_type": kind, "id": f"{self._added:08x}", "metadata": {}, "source": source}
            cell |= {"outputs": [], "execution_count": None} if kind == "code" else {}
            self.whole["cells"].insert(at + n, cell)
        return self

    def write(self):
        """Answer both questions in words: in the cell that is there, and in new cells below, a paragraph each."""
        self.cell("explain_reach")["source"] = WORDS
        return self.add("open_question", *WORDS.split("\n\n"), kind="markdown")


@dataclass(frozen=True)
class Work:
    """What a student did, and what that earns.

    Attributes:
        do: writes into a paper.
        earned: question → points, of those that have not full marks.
        status: in the table.
        words: the questions in words that are answered.
        pack: notebook and file name → files that are handed in.
        says: what stands on the student's page.
    """

    do: Callable = lambda paper: paper.solve().write()
    earned: Mapping[str, float] = field(default_factory=dict)
    status: str = "graded"
    words: tuple[str, ...] = tuple(BY_PEOPLE)
    pack: Callable = lambda content, name: {name: content}
    says: str = ""

    @property
    def points(self):
        return POINTS | dict(self.earned) if self.status == "graded" else dict.fromkeys(POINTS, 0)

    @property
    def by_people(self):
        return {name: BY_PEOPLE[name] * (name in self.words) for name in BY_PEOPLE}


def only(*names):
    """Nothing but these."""
    return {name: 0 for name in POINTS if name not in names}


def in_a_zip(files, compression=zipfile.ZIP_DEFLATED):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def a_macs_zip(content, name):
    files = {f"my homework/{name}": content, "my homework/.DS_Store": b"", f"__MACOSX/my homework/._{name}": b"\0\5"}
    files |= {f"my homework/.venv/lib/x{n}.py": b"" for n in range(300)}
    return {"my homework.zip": in_a_zip(files | {f"my homework/.ipynb_checkpoints/{name}": b"{}"})}


def a_windows_zip(content, name):
    return {"a2.zip": in_a_zip({f"a2_gru\\{name}": content, "a2_gru\\checks\\unroll.json": b"{}"})}


def all_assignments(content, name):
    """The whole folder as it was handed out, with this notebook in its place."""
    files = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted((ROOT / "assignments").rglob("*"))
        if path.is_file() and path.suffix in (".ipynb", ".json", ".md")
    }
    return {"assignments.zip": in_a_zip(files | {f"assignments/{NAME}/{name}": content})}


def two_frameworks(content, name):
    """A better notebook in the other framework, beside one with a single answer."""
    other = {"torch.ipynb": "tensorflow", "tensorflow.ipynb": "torch"}[name]
    return {name: content, f"{other}.ipynb": PROGRAMS["jupyterlab"](Paper(other).solve().whole)}


def halves_in_two_cells(paper):
    """As JupyterLab's “Split Cell” does it: the second cell has neither mark nor id."""
    source = paper.solve().write().cell("canonical_answer")
    source["source"], rest = "def columns(i, h):\n    return slice(i * h, (i + 1) * h)", source["source"]
    return paper.add("canonical_answer", rest.replace("slice(i * h, (i + 1) * h)", "columns(i, h)"))


def below_the_stub(paper):
    answer = SOLUTIONS[paper.framework]["unroll"]
    return paper.solve(*(set(POINTS) - {"unroll"})).write().add("unroll_answer", answer)


def all_in_one_cell(paper):
    """Somebody who writes a program: one cell below everything, stubs untouched."""
    return paper.write().add("gradient_reach", "\n\n\n".join(SOLUTIONS[paper.framework].values()))


def helpers(paper):
    paper.solve().write().change("other_convention", "-params[name]", "negated(params[name])")
    paper.cell("setup")["source"] += "\nimport operator\nfrom functools import partial"
    return paper.add("setup", "def negated(X):\n    return operator.neg(X)")


def own_cells(paper):
    """Experiments that must cost nothing: one fails, one asks, one takes names away, one shows a picture."""
    paper.solve().write()
    paper.add("gru_step", "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", "1 / 0", "input('why? ')")
    return paper.add("canonical", f"np = {MODULE[paper.framework]} = None\nparams = X = 7", "!pip install einops")


def a_cloud_notebook(paper):
    """What people write who work on somebody else's machine."""
    paper.solve().write()
    return paper.add(
        "how",
        "from google.colab import drive\ndrive.mount('/content/drive')",
        "%cd /content/drive/MyDrive/rnn\n!pip install -q course_utils",
        "import os\nfor folder, _, names in os.walk('/kaggle/input'):\n    for name in names:\n        print(name)",
    )


def scratch(paper):
    """A copy of an answer, mark and all, that was played with."""
    paper.solve().write()
    copied = copy.deepcopy(paper.cell("gru_step_answer"))
    copied |= {"id": "5c7a7c40", "source": copied["source"].replace("gru_step", "gru_step_try").replace("Z * H", "Z")}
    at = paper.whole["cells"].index(paper.cell("gru_step_answer"))
    paper.whole["cells"].insert(at + 1, copied)
    return paper


def words_elsewhere(paper):
    """The first answer in a new cell, the second typed into the question's own."""
    paper.solve().add("explain_reach", WORDS, kind="markdown")
    paper.cell("open_question")["source"] += f"\n\n**My plan.** {WORDS}"
    return paper


def ends_python(paper):
    return (
        paper.solve().write().change("canonical", "    h, params =", "    import os\n    os._exit(1)\n    h, params =")
    )


def forbidden(paper):
    ready = {"torch": "nn.GRUCell(3, 5)(X_t, H)", "tensorflow": "tf.keras.layers.GRUCell(5)(X_t, H)[0]"}
    name = "gru_step_normed"
    return (
        paper.solve().write().change(name, "    p = params\n", f"    return {ready[paper.framework]}\n    p = params\n")
    )


def does_not_parse(paper):
    return paper.solve().write().change("canonical", "return params", "return params)")


def renamed(paper):
    return paper.solve().write().change("other_convention", "def other_convention", "def other_conventions")


def a_file_instead(name, content=b"%PDF-1.7"):
    return lambda *_: {name: content}


WORKS = {
    "right": Work(),
    "misconception": Work(
        lambda p: p.solve().write().change("canonical", "b_x + b_h", "b_x"), {"canonical": 3}, says="the second is lost"
    ),
    "the first three, no words": Work(
        lambda p: p.solve("gru_step", "gru_step_normed", "other_convention"),
        only("gru_step", "gru_step_normed", "other_convention"),
        words=(),
    ),
    "untouched": Work(lambda p: p, status="not attempted", words=()),
    "helpers": Work(helpers),
    "own cells": Work(own_cells, says="was not graded, because"),
    "below the stub": Work(below_the_stub),
    "words elsewhere": Work(words_elsewhere),
    "nothing": Work(status="empty", words=(), pack=lambda *_: {}),
    "a zip from a Mac": Work(pack=a_macs_zip),
    "another step": Work(
        lambda p: p.solve().write().change("gru_step", "Z * H + (1 - Z) * H_tilde", "(1 - Z) * H + Z * H_tilde"),
        {"gru_step": 0, "unroll": 8.25, "gradient_reach": 5.25},
        says="the wrong way round",
    ),
    "split": Work(halves_in_two_cells),
    "half a file": Work(status="corrupt", words=(), pack=lambda content, name: {name: content[:2000]}),
    "two frameworks": Work(lambda p: p.solve("gru_step"), words=(), pack=two_frameworks),
    "in a cloud": Work(a_cloud_notebook),
    "words only": Work(lambda p: p.write(), only()),
    "a zip from Windows": Work(pack=a_windows_zip),
    "scratch": Work(scratch),
    "ends Python": Work(ends_python, {"canonical": 0}),
    "all in one cell": Work(all_in_one_cell),
    "all assignments": Work(pack=all_assignments),
    "another assignment": Work(
        status="foreign", words=(), pack=lambda *_: {"torch.ipynb": PROGRAMS["jupyterlab"](Paper(name="a1_rnn").whole)}
    ),
    "forbidden": Work(forbidden, {"gru_step_normed": 0}, says="hidden"),
    "renamed file": Work(pack=lambda content, _: {"Kopie von a2 (final) (2).ipynb": content}),
    "does not parse": Work(does_not_parse, {"canonical": 0}, says="SyntaxError"),
    "a PDF": Work(status="empty", words=(), pack=a_file_instead("a2_gru.pdf")),
    "renamed function": Work(renamed, {"other_convention": 0}),
    "one word": Work(lambda p: p.solve().add("explain_reach", WORDS, kind="markdown"), words=("explain_reach",)),
}

_PEOPLE = """Ada King|Bob Roe|Cyril Doe|Zoë Brontë-Hall|Miles O'Neill|Nguyễn Văn An|Li Wei|Jan van der Berg
María José García|Ada Kingsley|Bob Roe-Smith|Łukasz Żak|Ömer Şahin|Anne Marie Dupont|D'Arcy McKay
Søren Ångström|Ivan Petrov|Иван Петров|王 小明|Kim Min-jun|Abu Bakr al-Razi|Eva Maria Müller|Otto Müller
Eve Müller|Ida B. Wells|J. R. R. Tolkien|Rosa Luxemburg|Carl Gauß|Émilie du Châtelet|Sofia Kovalevskaya
Alan Turing|Grace Hopper|John Smith|Jane Smith|John Smithson|Mary Jackson|Kurt Gödel|Emmy Noether
Paul Erdős|Ada Lovelace|Max Born|Lise Meitner|Niels Bohr|Marie Curie|Pierre Curie|Irène Curie
Werner Heisenberg|Chen Ning Yang|Chien-Shiung Wu|Abdus Salam|C. V. Raman|Tim Berners-Lee|Rózsa Péter
Alonzo Church|Haskell Curry|Barbara Liskov|Edsger Dijkstra|Donald Knuth|Leslie Lamport|Frances Allen"""
PEOPLE = _PEOPLE.replace("\n", "|").split("|")


@dataclass(frozen=True)
class Student:
    """Who hands in what, and how.

    Attributes:
        number: unique in the class.
        program: that saved the notebook.
        marks: whether it keeps nbgrader's.
        late: by how many hours; before the deadline if negative.
        extension: hours.
        group: of students who hand in together; "" if alone.
    """

    number: int
    name: str
    work: str
    framework: str
    program: str
    marks: bool
    late: float = -5.0
    extension: float = 0.0
    group: str = ""

    @property
    def login(self):
        return f"s{1000 + self.number}"

    @property
    def id(self):
        return str(70210 + 7 * self.number)

    @property
    def time(self):
        return DUE + timedelta(hours=self.late)

    def files(self):
        """What is handed in: file name → content."""
        work = WORKS[self.work]
        paper = work.do(Paper(self.framework))
        return work.pack(PROGRAMS[self.program](paper.whole, self.marks), f"{self.framework}.ipynb")

    def final(self, late=None):
        """Points, people's among them, less what lateness takes off: 10 % for each day begun."""
        work = WORKS[self.work]
        points = sum(work.points.values()) + sum(work.by_people.values())
        hours = max(0.0, (self.late if late is None else late) - self.extension)
        return points - points * 0.1 * -(-hours // 24)


def students(count):
    """So many students; works, programs and frameworks are mixed, since their numbers have no common divisor."""
    works, programs = [*WORKS], [*PROGRAMS]
    found = []
    for n in range(count):
        program = programs[(n + n // len(works)) % len(programs)]
        late = {7: 3.5, 11: 25.0, 16: 30.0}.get(n % 20, -5.0 - n)
        found.append(
            Student(
                n,
                PEOPLE[n],
                works[n % len(works)],
                "tensorflow" if n % 5 == 4 else "torch",
                program,
                program in KEEPS_MARKS and n % 4 != 3,
                late,
                48.0 if n % 20 == 16 else 0.0,
            )
        )
    return found


# ---- platforms ----


def _first_last(name):
    first, _, last = name.rpartition(" ")
    return first, last


def _flat(name):
    return "".join(char for char in "".join(reversed(_first_last(name))).lower() if char.isalnum())


def _table(*rows, separator=","):
    quoted = (['"' + str(cell).replace('"', '""') + '"' for cell in row] for row in rows)
    return "".join(separator.join(row) + "\n" for row in quoted)


def _heads(people):
    """One of each group, who hands in for all, and everybody else."""
    return [each for n, each in enumerate(people) if not each.group or each.group not in {p.group for p in people[:n]}]


@dataclass(frozen=True)
class Export:
    """What an instructor downloads.

    Attributes:
        files: path → content.
        roster, times: CSV; "" if the platform gives none.
        label: what a student is called in the tables.
        hours: how many hours late the platform can tell that somebody is.
        folder: whether it is a folder on the instructor's machine, and no zip.
    """

    files: Mapping[str, bytes]
    roster: str
    times: str
    label: Callable
    hours: Callable = lambda each: each.late
    folder: bool = False


def moodle(people):
    """Its zip, its list of participants with extensions added, and its grading worksheet with the times."""

    def owner(each):
        return f"{each.group}-{each.name}" if each.group else each.name

    files, heads = {}, {each.group: each for each in _heads(people) if each.group}
    for each in people:
        for name, content in heads.get(each.group, each).files().items():
            files[f"{owner(each)}_{each.id}_assignsubmission_file_/{name}"] = content
    roster = [("First name", "Last name", "ID number", "Email address", "Groups", "Extension")]
    roster += [
        (
            *_first_last(p.name),
            f"20260{p.number}",
            f"{p.login}@x.edu",
            p.group,
            f"{p.extension:g}" if p.extension else "",
        )
        for p in people
    ]
    times = [("Identifier", "Full name", "Email address", "Status", "Grade", "Last modified (submission)")]
    for each in people:
        said = f"{each.time:%A, %-d %B %Y, %-I:%M %p}" if each.files() else "-"
        times.append((f"Participant {each.id}", each.name, f"{each.login}@x.edu", "Submitted", "-", said))

    def label(each):
        return f"{owner(each)}_{each.id}" if each.files() else each.name

    return Export(files, _table(*roster), _table(*times), label)


def canvas(people):
    """Its zip, in which late work is marked, and its grade book."""
    files = {}
    for each in _heads(people):
        owner = f"{each.group.lower().replace(' ', '')}_5{each.id}" if each.group else f"{_flat(each.name)}_{each.id}"
        who = owner.replace("_", "_LATE_" if each.late > 0 else "_")
        files |= {f"{who}_{44000 + each.number}_{name}": content for name, content in each.files().items()}
    roster = [("Student", "ID", "SIS Login ID", "Section", "Group Name", "Extension"), ("Points Possible", *[""] * 5)]
    for each in people:
        first, last = _first_last(each.name)
        roster.append((f"{last}, {first}", each.id, each.login, "W1", each.group, each.extension or ""))

    def label(each):
        first, last = _first_last(each.name)
        return f"{last}, {first}" if each.group or not each.files() else f"{_flat(each.name)}_{each.id}"

    return Export(files, _table(*roster), "", label, lambda each: 0.01 if each.late > 0 else 0)


def gradescope(people):
    """Its zip with the list of submissions, and its roster."""
    files, listed = {}, ["---"]
    for each in _heads(people):
        if not each.files():
            continue
        together = [other for other in people if each.group and other.group == each.group] or [each]
        listed += [f"submission_{each.id}:", "  :submitters:"]
        for member in together:
            listed += [f"  - :name: {json.dumps(member.name, ensure_ascii=False)}", f"    :sid: '{member.id}'"]
            listed += [f"    :email: {member.login}@x.edu"]
        listed += [f"  :created_at: {each.time:%Y-%m-%d %H:%M:%S}.000000000 Z"]
        root = f"assignment_77_export/submission_{each.id}"
        files |= {f"{root}/{name}": content for name, content in each.files().items()}
    files["assignment_77_export/submission_metadata.yml"] = "\n".join([*listed, ""]).encode()
    roster = [("First Name", "Last Name", "SID", "Email", "Role", "Sections", "Extension")]
    roster += [(*_first_last(p.name), p.id, f"{p.login}@x.edu", "Student", "", p.extension or "") for p in people]

    def label(each):
        return f"{each.name}_{each.id}" if each.group or each.files() else each.name

    return Export(files, _table(*roster), "", label)


def nbgrader(people):
    """Its exchange, copied as it is, and its table of students with groups added."""
    files = {}
    for each in _heads(people):
        for hours, old in ((each.late - 2, True), (each.late, False)):  # the first try does not count
            root = f"inbound/{each.login}+{NAME}+{DUE + timedelta(hours=hours):%Y-%m-%d %H:%M:%S.%f} UTC+5c7a"
            work = {"torch.ipynb": b"{}"} if old and each.number % 2 else each.files()
            files |= {f"{root}/{name}": content for name, content in work.items()}
            files |= {f"{root}/timestamp.txt": f"{DUE + timedelta(hours=hours)}".encode()} if work else {}
    roster = [("id", "first_name", "last_name", "email", "group", "extension")]
    roster += [(p.login, *_first_last(p.name), "", p.group, p.extension or "") for p in people]
    heads = _heads(people)

    def label(each):
        return each.login if each in heads and each.files() else each.name

    return Export(files, _table(*roster), "", label, folder=True)


PLATFORMS = {each.__name__: each for each in (moodle, canvas, gradescope, nbgrader)}
