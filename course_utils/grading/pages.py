"""HTML pages: one for each student, without any hidden case, and one about the class for the instructor."""

import functools
from collections import Counter
from collections.abc import Sequence
from statistics import mean, median
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from course_utils.assignments.loading import Assignment
from course_utils.grading.grade import Result
from course_utils.grading.late import LatePolicy
from course_utils.grading.showing import shown
from course_utils.grading.similarity import SimilarPair
from course_utils.grading.tables import WAITING, totals

_MOST_CODE = 20_000  # characters of an answer that are shown
_MOST_PAIRS = 30
_BINS = 10
_SLOWEST = 5


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("course_utils.grading"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )
    environment.filters |= {"code": _coloured, "name": shown, "points": lambda number: f"{number:g}"}
    environment.globals["code_style"] = Markup(HtmlFormatter().get_style_defs(".highlight"))
    return environment


def _seen(value: Any) -> Any:
    """What a template puts on a page: in texts of other people's nothing is hidden."""
    return shown(value, keep="\n\t") if isinstance(value, str) and not isinstance(value, Markup) else value


def _coloured(source: str) -> Markup:
    """Python code in colours; all of it is escaped."""
    source = _seen(source)
    if len(source) > _MOST_CODE:
        source = f"{source[:_MOST_CODE]}\n# … and {len(source) - _MOST_CODE} more characters"
    return Markup(highlight(source, PythonLexer(), HtmlFormatter()))


def feedback(result: Result, policy: LatePolicy) -> str:
    """A student's page: their code, points and messages."""
    penalty, _ = totals(result, policy)
    by_hand = sum(each["max_points"] for each in result["questions"] if each["status"] in WAITING)
    template = _environment().get_template("feedback.html.j2")
    return template.render(
        result=result,
        penalty=penalty,
        final=round(result["points"] - penalty, 2),
        policy=policy,
        by_hand=by_hand,
        waiting=WAITING,
        words=(*WAITING, "given"),
    )


def class_page(
    results: Sequence[Result],
    assignment: Assignment,
    policy: LatePolicy,
    similar: Sequence[SimilarPair] | None,
    odd: Sequence[str] = (),
) -> str:
    """The instructor's page about all results together, and what is odd about how they were handed in."""
    graded = [result for result in results if result["status"] == "graded"]
    finals = [result["points"] - policy.penalty(result["points"], result["hours_late"]) for result in graded]
    most = sum(question.points for question in assignment.questions if not question.manual)
    template = _environment().get_template("class.html.j2")
    return template.render(
        assignment=assignment.name,
        results=results,
        statuses=Counter(result["status"] for result in results).most_common(),
        most=most,
        mean=mean(finals) if finals else 0.0,
        median=median(finals) if finals else 0.0,
        bars=_bars(finals, most),
        questions=_questions(graded, assignment),
        misconceptions=_misconceptions(graded),
        odd=[shown(sentence) for sentence in odd],
        names=[(r["student"], q["id"], q["names"]) for r in graded for q in r["questions"] if q.get("names")],
        caps=[(result["student"], result["caps"]) for result in results if result["caps"]],
        slowest=sorted(graded, key=lambda each: -each["seconds"]["total"])[:_SLOWEST],
        seconds=sum(result["seconds"]["total"] for result in results),
        unsandboxed=any(result["sandbox"] == "none" for result in results),
        late=sum(result["hours_late"] > 0 for result in results),
        policy=policy,
        similar=similar and _by_class(similar),
    )


def _by_class(pairs: Sequence[SimilarPair]) -> list[dict[str, Any]]:
    """The most similar pairs in this class, and with other years', so that the one does not crowd out the other."""
    groups = {"In this class": [], "With other years": []}
    for pair in pairs:
        groups["With other years" if pair.where else "In this class"].append(pair)
    return [
        {"title": title, "pairs": group[:_MOST_PAIRS], "more": max(0, len(group) - _MOST_PAIRS)}
        for title, group in groups.items()
        if group
    ]


def _bars(finals: Sequence[float], most: float) -> list[dict[str, Any]]:
    """How many students reached each tenth of the points."""
    counts = Counter(min(_BINS - 1, int(_BINS * final / most)) if most else 0 for final in finals)
    highest = max(counts.values(), default=1)
    return [
        {
            "label": f"{most * i / _BINS:g} to {most * (i + 1) / _BINS:g}",
            "count": counts[i],
            "height": round(100 * counts[i] / highest),
        }
        for i in range(_BINS)
    ]


def _questions(graded: Sequence[Result], assignment: Assignment) -> list[dict[str, Any]]:
    """The questions that a machine grades, the hardest first."""
    rows = []
    for question in assignment.questions:
        if question.manual:
            continue
        each = [q for result in graded for q in result["questions"] if q["id"] == question.id]
        counts = Counter(q["status"] for q in each)
        rows.append(
            {
                "id": question.id,
                "max_points": question.points,
                "share": mean(q["points"] / question.points for q in each) if each and question.points else 0.0,
                "full": sum(q["points"] == q["max_points"] for q in each),
                "skipped": counts["not attempted"],
                "lost": counts["lost"],
            }
        )
    return sorted(rows, key=lambda row: row["share"])


def _misconceptions(graded: Sequence[Result]) -> list[dict[str, Any]]:
    """The known wrong answers that were given, the most frequent first, each counted once for a student."""
    found: Counter = Counter()
    for result in graded:
        found.update(
            {
                (q["id"], part["misconception"])
                for q in result["questions"]
                for part in q["parts"]
                if part["misconception"]
            }
        )
    return [{"question": question, "id": name, "students": count} for (question, name), count in found.most_common()]
