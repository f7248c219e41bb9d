"""What every chapter must keep to, without running it; also a pre-commit check."""

import pytest

from course_utils.workshop import chapters, checks, results
from course_utils.workshop.refresh import code_hash

PATHS = chapters.find_chapters()


@pytest.fixture(scope="module")
def stored():
    return {path: checks.read(path) for path in PATHS}


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_chapter(stored, path, check):
    problems = check(stored[path])
    assert not problems, "\n".join([f"{path.name}: {check.__doc__}", *problems])


def test_next_to_no_cell_is_left_out_of_the_comparison(stored):
    assert checks.ignored_share(list(stored.values())) == []


def test_every_chapter_has_been_refreshed_since_its_code_changed(stored):
    recorded = {name: entry["sources"] for name, entry in results.load(results.FILE).items()}
    assert recorded == {path.stem: code_hash(chapter.notebook) for path, chapter in stored.items()}, (
        "run course refresh"
    )


def test_the_scoreboard_is_made_from_the_results():
    readme = (chapters.ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == results.with_table(readme, "scoreboard", results.scoreboard(results.load(results.FILE)))
