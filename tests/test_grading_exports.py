"""What a platform exports, read as it is: whose each file is, when it was handed in, and what is nobody's."""

import io
import os
import re
import zipfile
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from data_helpers import says

from course_utils.grading import forms, intake
from course_utils.grading.errors import GradingError
from course_utils.grading.times import read_time

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 11, 11, 11)  # of the download: it says nothing


def zipped(path, files):
    """A zip with these files, all of them written at the time of the download."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, LATER.timetuple()[:6]), content)
    return path


def written(root, files):
    """A folder with these files, as if the zip had been unpacked now."""
    for name, content in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def found(source, **options):
    collected = intake.collect(source, "toy", NOON, **options)
    return collected, {each.student: each for each in collected.submissions}


def notebooks(students):
    return {name: sorted(each.notebooks) for name, each in students.items()}


def test_points_before_all_names_are_left_out(tmp_path):
    """As tar and some libraries write them."""
    files = {"./": "", "./ada/": "", "./ada/torch.ipynb": "1", "././bob/torch.ipynb": "2", "./zoe.ipynb": "3"}
    assert notebooks(found(zipped(tmp_path / "class.zip", files))[1]) == {
        "ada": ["torch.ipynb"],
        "bob": ["torch.ipynb"],
        "zoe": ["zoe.ipynb"],
    }


def test_a_repository_is_nobody(tmp_path):
    files = {"class/.git/config": "x", "class/ada/torch.ipynb": "1", "class/bob/torch.ipynb": "2"}
    assert [*found(written(tmp_path, files))[1]] == ["ada", "bob"]


GRADESCOPE = """---
submission_1:
  :submitters:
  - :name: Ada King
    :sid: '11'
    :email: ada@example.org
  :created_at: 2026-03-01 13:30:00.948203000 Z
submission_2:
  :submitters:
  - :name: Bob Roe
    :sid: '12'
    :email: bob@example.org
  - :name: Cy Doe
    :sid: '13'
    :email: cy@example.org
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: &1 2026-03-01 11:30:00.000000000 Z
    zone: !ruby/object:ActiveSupport::TimeZone
      name: Europe/Paris
    time: 2026-03-01 12:30:00.000000000 Z
  :score: 3.0
"""

EXPORTS = {  # platform → files, whose notebooks they are, and by how many hours these are late
    "Moodle": (
        {
            "Ada King_11_assignsubmission_file_/torch.ipynb": "1",
            "Ada King_11_assignsubmission_onlinetext_/onlinetext.html": "<p>Hello</p>",
            "Bob_12_assignsubmission_file_sub/my.ipynb": "2",
            "Participant_13_assignsubmission_file/x.ipynb": "3",
            "Group 4-Cy_14_assignsubmission_file_/x.ipynb": "4",
        },
        {
            "Ada King_11": ["torch.ipynb"],
            "Bob_12": ["sub/my.ipynb"],
            "Participant_13": ["x.ipynb"],
            "Group 4-Cy_14": ["x.ipynb"],
        },
        {},
    ),
    "Canvas": (
        {
            "kingada_11_991_torch-1.ipynb": "1",
            "kingada_11_text.html": "",
            "roebob_LATE_12_992_my_2_3_4.ipynb": "2",
            "redteam_13_993_x.ipynb": "3",
            "red_team_14_994_x.ipynb": "4",
            "anon_aB3dE_995_x.ipynb": "5",
            "LATE_anon_zZ9zZ_996_x.ipynb": "6",
            "doe_15_text.html": "",
        },
        {
            "kingada_11": ["torch-1.ipynb"],
            "roebob_12": ["my_2_3_4.ipynb"],
            "redteam_13": ["x.ipynb"],
            "red_team_14": ["x.ipynb"],
            "anon_aB3dE": ["x.ipynb"],
            "anon_zZ9zZ": ["x.ipynb"],
            "doe_15": [],
        },
        {"roebob_12": 0.01, "anon_zZ9zZ": 0.01},
    ),
    "Blackboard": (
        {
            "HW_2_aking_attempt_2026-03-01-13-30-00_torch.ipynb": "1",
            "HW_2_aking_attempt_2026-03-01-13-30-00.txt": "Name: Ada King (aking)",
            "HW_2_b_roe_attempt_2026-02-28-10-00-00_torch.ipynb": "first",
            "HW_2_b_roe_attempt_2026-03-01-11-00-00_torch.ipynb": "2",
        },
        {"aking": ["torch.ipynb"], "b_roe": ["torch.ipynb"]},
        {"aking": 1.5},
    ),
    "Brightspace": (
        {
            "index.html": "",
            "101-77 - Ada King - Mar 1, 2026 130 PM/torch.ipynb": "1",
            "102-77 - Bob - Roe - Mar 1, 2026 1159 AM/my.ipynb": "2",
            "103-77 - Ada King - Feb 28, 2026 1200 PM/torch.ipynb": "3",
        },
        {"Ada King_101": ["torch.ipynb"], "Bob - Roe_102": ["my.ipynb"], "Ada King_103": ["torch.ipynb"]},
        {"Ada King_101": 1.5},
    ),
    "Sakai": (
        {
            "HW 2/grades.csv": "",
            "HW 2/King, Ada(aking)/Submission attachment(s)/torch.ipynb": "1",
            "HW 2/King, Ada(aking)/timestamp.txt": "20260301133000000",
            "HW 2/King, Ada(aking)/comments.txt": "",
            "HW 2/King, Ada(aking)/Feedback Attachment(s)/old.ipynb": "teacher's",
            "HW 2/King, Ada(aking)/Submission attachment(s)/timestamp.txt": "2020-01-01 00:00 UTC",
            "HW 2/Roe, Bob(broe)/Submission attachment(s)/all/torch.ipynb": "2",
            "HW 2/Roe, Bob(broe)/timestamp.txt": "2026-03-01T11:00:00.123Z",
            "HW 2/Roe, Bob(broe)/Roe, Bob(broe)_submissionText.html": "",
        },
        {"King, Ada(aking)": ["torch.ipynb"], "Roe, Bob(broe)": ["all/torch.ipynb"]},
        {"King, Ada(aking)": 1.5},
    ),
    "Gradescope": (
        {
            "assignment_5_export/submission_metadata.yml": GRADESCOPE,
            "assignment_5_export/submission_1/torch.ipynb": "1",
            "assignment_5_export/submission_2/sub/torch.ipynb": "2",
        },
        {"Ada King_11": ["torch.ipynb"], "Bob Roe_12": ["sub/torch.ipynb"], "Cy Doe_13": ["sub/torch.ipynb"]},
        {"Ada King_11": 1.5},
    ),
    "Google Classroom": (
        {
            "HW 2/Ada King - torch.ipynb": "1",
            "HW 2/Bob Roe - torch.ipynb": "2",
            "HW 2/Bob Roe - tensorflow.ipynb": "3",
        },
        {"Ada King": ["torch.ipynb"], "Bob Roe": ["tensorflow.ipynb", "torch.ipynb"]},
        {},
    ),
    "Teams": (
        {
            "Student Work/Submitted files/Ada King/HW 2/Version 1/torch.ipynb": "old",
            "Student Work/Submitted files/Ada King/HW 2/Version 10/torch.ipynb": "1",
            "Student Work/Submitted files/Ada King/HW 2/Version 9/torch.ipynb": "older",
            "Student Work/Submitted files/Bob Roe/HW 2/Version 1/my.ipynb": "2",
            "Student Work/Working files/Bob Roe/HW 2/my.ipynb": "draft",
        },
        {"Ada King": ["torch.ipynb"], "Bob Roe": ["my.ipynb"]},
        {},
    ),
    "ILIAS": (
        {
            "HW 2/excel.xlsx": "",
            "HW 2/King_Ada_aking_11/torch.ipynb": "1",
            "HW 2/Roe_Bob_b_roe_12/Late Submission - my.ipynb": "2",
            "HW 2/Team 3/Doe_Cy_cdoe_13/torch.ipynb": "3",
        },
        {"King_Ada_aking_11": ["torch.ipynb"], "Roe_Bob_b_roe_12": ["my.ipynb"], "Doe_Cy_cdoe_13": ["torch.ipynb"]},
        {"Roe_Bob_b_roe_12": 0.01},
    ),
    "nbgrader's exchange": (
        {
            "course/inbound/ada+toy+2026-03-01 13:30:00.000000 UTC+a1b2/torch.ipynb": "1",
            "course/inbound/ada+toy+2026-02-01 13:30:00.000000 UTC+a1b2/torch.ipynb": "first",
            "course/inbound/ada+other+2026-03-09 13:30:00.000000 UTC+a1b2/torch.ipynb": "other",
            "course/inbound/bob+toy+2026-03-01 12:30:00.000000 CET/torch.ipynb": "2",
            "course/inbound/cy+toy+2026-03-01 12_59_00.000000 CET/torch.ipynb": "2",
            "course/outbound/toy/torch.ipynb": "released",
        },
        {"ada": ["torch.ipynb"], "bob": ["torch.ipynb"], "cy": ["torch.ipynb"]},
        {"ada": 1.5},
    ),
    "nbgrader's folder": (
        {
            "submitted/ada/toy/torch.ipynb": "1",
            "submitted/ada/toy/timestamp.txt": "2026-03-01 13:30:00.000000 UTC",
            "submitted/ada/other/torch.ipynb": "other",
            "submitted/bob/toy/sub/my.ipynb": "2",
            "submitted/bob/toy/timestamp.txt": "2026-03-01 11:00:00.000000 UTC",
            "submitted/bob/other/torch.ipynb": "other",
            "source/toy/torch.ipynb": "solution",
            "release/toy/torch.ipynb": "stub",
            "gradebook.db": "",
        },
        {"ada": ["torch.ipynb"], "bob": ["sub/my.ipynb"]},
        {"ada": 1.5},
    ),
}


@pytest.mark.parametrize("wrapped", ["zip", "folder", "zipped again"])
@pytest.mark.parametrize("platform", EXPORTS)
def test_an_export_is_read_as_it_is(tmp_path, platform, wrapped):
    files, owners, late = EXPORTS[platform]
    if wrapped == "zip":
        source = zipped(tmp_path / "all.zip", files)
    elif wrapped == "folder":
        source = written(tmp_path / "all", files)
    else:
        source = zipped(tmp_path / "all.zip", {f"Downloads/all/{name}": content for name, content in files.items()})
    collected, students = found(source)
    assert platform.split("'")[0] in collected.form
    assert notebooks(students) == owners
    if platform != "nbgrader's folder" or wrapped == "zip":
        assert {name: each.hours_late for name, each in students.items() if each.hours_late} == late
    last = {name: content for each in students.values() for name, content in each.notebooks.items()}
    assert not {b"first", b"old", b"older", b"draft", b"other", b"teacher's", b"solution"} & {*last.values()}


def test_every_platform_of_the_table_has_a_test():
    assert len(forms.FORMS) == len(EXPORTS)
    assert all(any(platform.split("'")[0] in form.name for platform in EXPORTS) for form in forms.FORMS)


@pytest.mark.parametrize("platform", [each for each in EXPORTS if not each.startswith("nbgrader")])
def test_the_time_of_the_download_makes_nobody_late(tmp_path, platform):
    files, _, late = EXPORTS[platform]
    source = written(tmp_path / "all", files)
    for path in source.rglob("*"):
        os.utime(path, (NOON.timestamp() + 7e6,) * 2)
    assert {name: each.hours_late for name, each in found(source)[1].items() if each.hours_late} == late


def test_no_time_is_taken_from_a_zip_and_that_is_said(tmp_path):
    source = zipped(tmp_path / "all.zip", {"ada.ipynb": "1", "bob/torch.ipynb": "2"})
    collected, students = found(source)
    assert [(each.hours_late, each.submitted) for each in students.values()] == [(0, None), (0, None)]
    assert any("not known" in odd and "ada and bob" in odd and "--times" in odd for odd in collected.odd)


def test_times_that_are_all_the_same_are_suspicious(tmp_path):
    source = written(tmp_path, {f"s{n}/torch.ipynb": str(n) for n in range(3)})
    assert any("copy or a download" in odd for odd in found(source)[0].odd)


# ---- names that can be read in two ways ----


def test_a_students_folder_called_like_the_assignment_drops_nobody(tmp_path):
    files = {f"s{n}/torch.ipynb": str(n) for n in range(5)} | {"ada/toy/torch.ipynb": "ada"}
    assert len(found(written(tmp_path, files))[1]) == 6


def test_who_is_not_in_nbgraders_form_is_still_read(tmp_path):
    files = {f"s{n}/toy/torch.ipynb": str(n) for n in range(5)} | {"ada/torch.ipynb": "ada", "cy/mine/torch.ipynb": ""}
    collected, students = found(written(tmp_path, files))
    assert students["ada"].notebooks == {"torch.ipynb": b"ada"}
    assert any("ada" in odd for odd in collected.odd)
    assert any("Left out" in odd and "cy" in odd for odd in collected.odd)


def test_folders_of_other_assignments_are_nothing_odd(tmp_path):
    files = {"ada/toy/torch.ipynb": "1", "ada/a1/torch.ipynb": "", "bob/a1/torch.ipynb": ""}
    assert found(written(tmp_path, files))[0].odd == []


@pytest.mark.parametrize("platform", [each for each in EXPORTS if not each.startswith("nbgrader")])
def test_what_is_called_like_the_assignment_in_an_export_makes_it_no_other(tmp_path, platform):
    """All students have packed the folder that was handed out; or the platform's own title is its name."""
    files, owners, late = EXPORTS[platform]
    folders = {
        re.sub(r"(?<=/)(all/|sub/)?(\w+\.ipynb)$", r"toy/\2", name).replace("/HW 2/", "/toy/"): content
        for name, content in files.items()
    }
    collected, students = found(written(tmp_path, folders))
    assert platform in collected.form
    assert {*students} == {*owners}
    assert {name: each.hours_late for name, each in students.items() if each.hours_late} == late


def test_nbgraders_stamp_tells_its_folder_from_others(tmp_path):
    """Whatever its students are called."""
    for student in ("king_ada_aking_11", "King, Ada(aking)", "submission_7"):
        files = {f"{student}/toy/torch.ipynb": "1", f"{student}/toy/timestamp.txt": "2026-03-01 13:30 UTC"}
        collected, students = found(written(tmp_path / student, files))
        assert (collected.form, [*students]) == ("nbgrader's folder", [student])
        assert students[student].hours_late == 1.5


@pytest.mark.parametrize("platform", ["Moodle", "Canvas"])
def test_a_folder_for_each_section_is_left_out(tmp_path, platform):
    files, owners, _ = EXPORTS[platform]
    sections = {f"Section {n % 2}/{name}": content for n, (name, content) in enumerate(files.items())}
    assert notebooks(found(zipped(tmp_path / "a.zip", sections))[1]) == owners


def test_who_may_be_several_or_one_is_said(tmp_path):
    files = {f"week{n}/{name}/torch.ipynb": f"{n}{name}" for n in (1, 2) for name in ("ada", "bob")}
    odd = found(zipped(tmp_path / "a.zip", files | {"cy.ipynb": "1", "cy (1).ipynb": "2"}))[0].odd
    assert "week1 has work in several folders, ada and bob: are these several students?" in odd
    assert "cy (1) and cy are taken for two students: perhaps one has handed in twice." in odd


def test_names_with_numbers_are_not_canvas(tmp_path):
    files = {"hw_2_1_doe.ipynb": "1", "hw_2_1_roe.ipynb": "2", "hw_2_10_poe.ipynb": "3"}
    assert [*found(written(tmp_path, files))[1]] == ["hw_2_10_poe", "hw_2_1_doe", "hw_2_1_roe"]


def test_a_title_before_the_name_is_not_classroom(tmp_path):
    files = {"hw 2 - doe.ipynb": "1", "hw 2 - roe.ipynb": "2"}
    assert [*found(written(tmp_path, files))[1]] == ["hw 2 - doe", "hw 2 - roe"]


def test_moodles_zip_unpacked_has_each_student_once(tmp_path):
    files = {
        "Ada_11_assignsubmission_file_/torch.ipynb": "1",
        "Ada_11_assignsubmission_onlinetext_/onlinetext.html": "",
        "Bob_12_assignsubmission_file_/": "",
    }
    assert notebooks(found(written(tmp_path, files))[1]) == {"Ada_11": ["torch.ipynb"], "Bob_12": []}


def test_what_moodle_puts_beside_the_work_is_no_student(tmp_path):
    files = {f"{name}_{n}_assignsubmission_file_/torch.ipynb": name for n, name in enumerate(["Ada", "Bob"])} | {
        "Ada_0_assignfeedback_file_/torch.ipynb": "teacher's",
        "Ada_0_assignfeedback_editpdf_/combined.pdf": "",
        "Bob_1_assignsubmission_comments_/comments.html": "",
        "Cy_2_assignfeedback_comments_/comments.html": "",
    }
    collected, students = found(zipped(tmp_path / "all.zip", files))
    assert notebooks(students) == {"Ada_0": ["torch.ipynb"], "Bob_1": ["torch.ipynb"], "Cy_2": []}
    assert not any("Left out" in odd for odd in collected.odd)


@pytest.mark.parametrize("word", ["Versión ", "Versione ", "Versão ", "バージョン ", "版本 ", "버전 ", "Версия "])
def test_teams_versions_are_read_in_any_language(tmp_path, word):
    files = {f"提出済み/{name}/HW/{word}{n}/torch.ipynb": f"{name}{n}" for name in ("Ada", "Bob") for n in (9, 10)}
    _, students = found(zipped(tmp_path / "all.zip", files))
    assert {name: each.notebooks for name, each in students.items()} == {
        name: {"torch.ipynb": f"{name}10".encode()} for name in ("Ada", "Bob")
    }


def test_blackboards_files_may_be_in_a_folder_for_each_student(tmp_path):
    files = {f"{name}/HW 2_{name}_attempt_2026-03-01-13-30-00_torch.ipynb": name for name in ("aking", "broe")}
    collected, students = found(written(tmp_path / "all", files))
    assert "Blackboard" in collected.form
    assert {name: each.hours_late for name, each in students.items()} == {"aking": 1.5, "broe": 1.5}


@pytest.mark.parametrize("form", ["{} - {}/torch.ipynb", "{} - {} - torch.ipynb", "77 - {} - {}/torch.ipynb"])
def test_brightspaces_groups_have_no_number_or_one(tmp_path, form):
    times = {"Group 1": "Mar 1, 2026 130 PM", "Team - B": "Mar 1, 2026 10 30 AM"}
    files = {form.format(*each): each[0] for each in times.items()} | {"index.html": ""}
    collected, students = found(zipped(tmp_path / "all.zip", files))
    assert "Brightspace" in collected.form
    assert {name.removesuffix("_77"): each.hours_late for name, each in students.items()} == {
        "Group 1": 1.5,
        "Team - B": 0,
    }


def test_copies_from_google_classroom_are_the_students_who_stand_behind(tmp_path):
    files = {
        "HW 2/Copy of torch - Ada King.ipynb": "1",
        "HW 2/torch - Bob Roe.ipynb": "2",
        "HW 2/Copy of tensorflow.ipynb - Bob Roe.ipynb": "3",
        "HW 2/Cy Doe - Copy of torch.ipynb": "4",
    }
    collected, students = found(zipped(tmp_path / "all.zip", files), roster=table(tmp_path / "r.csv", ROSTER))
    assert {name: [*each.notebooks.values()] for name, each in students.items() if each.notebooks} == {
        "Ada King": [b"1"],
        "Bob Roe": [b"3", b"2"],
        "Cy Doe": [b"4"],
        "Dee Poe": [b"4"],
    }
    assert not any("Not in the roster" in odd for odd in collected.odd)


def test_the_last_of_canvas_numbered_files_counts_and_that_is_said(tmp_path):
    files = {
        "kingada_11_991_torch-2.ipynb": "2",
        "kingada_11_992_torch.ipynb": "0",
        "kingada_11_993_torch-10.ipynb": "10",
        "kingada_11_994_tensorflow-1.ipynb": "1",
        "roebob_12_995_my-1.ipynb": "a1",
        "roebob_12_996_my-2.ipynb": "a2",
    }
    collected, students = found(zipped(tmp_path / "all.zip", files))
    assert notebooks(students) == {
        "kingada_11": ["tensorflow-1.ipynb", "torch-10.ipynb"],
        "roebob_12": ["my-1.ipynb", "my-2.ipynb"],
    }
    assert any("kingada_11: 3 submissions: only the last one" in odd for odd in collected.odd)


@pytest.mark.parametrize("around", ["", "Student Work/"])
def test_drafts_in_teams_are_nobodys_work(tmp_path, around):
    """Whether there are versions or not."""
    files = {f"{around}Submitted files/{name}/HW 2/torch.ipynb": name for name in ("Ada King", "Bob Roe")}
    files[f"{around}Working files/Bob Roe/HW 2/torch.ipynb"] = "draft"
    collected, students = found(zipped(tmp_path / "all.zip", files))
    assert {name: [*each.notebooks.values()] for name, each in students.items()} == {
        "Ada King": [b"Ada King"],
        "Bob Roe": [b"Bob Roe"],
    }
    assert any("Left out" in odd and "Working files" in odd for odd in collected.odd)


def test_blackboards_attempts_may_be_folders_and_its_names_may_begin_alike(tmp_path):
    files = {f"HW 2_a_{name}_attempt_2026-03-01-13-30-00/sub/torch.ipynb": name for name in ("king", "kong")}
    roster = table(tmp_path / "r.csv", "name,id\nKing,king\nAda King,a_king\nAl Kong,a_kong\n")
    collected, students = found(written(tmp_path / "all", files), roster=roster)
    assert "Blackboard" in collected.form
    assert {name: each.hours_late for name, each in students.items() if each.notebooks} == {"king": 1.5, "kong": 1.5}
    assert sorted(name for name, each in students.items() if not each.notebooks) == ["King"]


@pytest.mark.parametrize("stray", ["a_note.txt", "a/stray.txt", "a/b/torch.ipynb"])
def test_a_stray_file_changes_nobodys_name(tmp_path, stray):
    """Wherever it stands among the others, what is the assignment's title stays it."""
    files = {f"HW 2_{name}_attempt_2026-03-01-13-30-00_torch.ipynb": name for name in ("king", "roe")}
    students = found(zipped(tmp_path / "all.zip", {stray: ""} | files))[1]
    assert {"king", "roe"} <= {*students}


def test_a_student_of_the_exchange_may_have_a_plus_in_the_name(tmp_path):
    stamp = "2026-03-01 13-30-00.000000 UTC"
    names = ("ada+rnn@x.org", "ada")
    files = {f"inbound/{name}+toy+{stamp}+a1/torch.ipynb": name for name in names}
    files |= {f"inbound/{name}+a1+{stamp}/torch.ipynb": "other" for name in names}
    _, students = found(zipped(tmp_path / "all.zip", files))
    assert {name: each.hours_late for name, each in students.items()} == dict.fromkeys(names[::-1], 1.5)


def test_two_copies_of_one_name_in_google_classroom_are_said(tmp_path):
    names = ("Ada King - torch", "Ada King - torch(1)", "Bob Roe - torch", "Bob Roe - tensorflow")
    odd = found(zipped(tmp_path / "all.zip", {f"{name}.ipynb": name for name in names}))[0].odd
    assert [each for each in odd if "two students" in each] == [
        "Ada King has torch(1).ipynb and torch.ipynb: if these are two students of one name, give one another name."
    ]


@pytest.mark.parametrize("name", ["anon_Ab1_LATE_991_torch.ipynb", "roebob_12_LATE_991_torch.ipynb"])
def test_canvas_mark_may_stand_behind_the_number(tmp_path, name):
    [student] = found(zipped(tmp_path / "all.zip", {name: "1"}))[1].values()
    assert (student.student, student.hours_late) == (name.partition("_LATE")[0], 0.01)


def test_who_has_no_version_in_teams_is_not_left_out(tmp_path):
    files = {f"Submitted files/Ada King/HW 2/Version {n}/torch.ipynb": str(n) for n in (1, 2)}
    files["Submitted files/Bob Roe/HW 2/torch.ipynb"] = "3"
    students = found(zipped(tmp_path / "all.zip", files))[1]
    assert {name: [*each.notebooks.values()] for name, each in students.items()} == {
        "Ada King": [b"2"],
        "Bob Roe": [b"3"],
    }


def test_nothing_is_left_out_of_a_platforms_export_without_a_word(tmp_path):
    people = ("King, Ada(aking)", "Roe, Bob(broe)", "Doe, Cy")
    files = {f"HW 2/{each}/Submission attachment(s)/torch.ipynb": each for each in people}
    odd = found(zipped(tmp_path / "all.zip", files))[0].odd
    assert "Left out, because of its name: HW 2/Doe, Cy." in odd


def test_what_the_notebook_is_called_is_no_part_of_a_students_name(tmp_path):
    names = ("Ada_torch", "Ada_tensorflow", "torch - Bob Roe", "cy-torch (1)", "Copy of torch – Dee", "torchwood")
    students = found(zipped(tmp_path / "all.zip", {f"{name}.ipynb": name for name in names}))[1]
    assert sorted(students) == ["Ada", "Bob Roe", "Dee", "cy", "torchwood"]


def test_what_was_added_to_an_export_by_hand_is_read_and_said(tmp_path):
    files = {f"s{n}_{n}_assignsubmission_file_/torch.ipynb": "1" for n in range(3)} | {
        "eve.ipynb": "2",
        "notes.txt": "",
    }
    collected, students = found(zipped(tmp_path / "all.zip", files))
    assert notebooks(students)["eve"] == ["eve.ipynb"]
    assert "notes" not in students
    assert any("eve.ipynb is not named as in Moodle" in odd for odd in collected.odd)
    assert any("notes.txt" in odd for odd in collected.odd)


def test_stray_files_are_nobody(tmp_path):
    stray = ["index.html", "grades.csv", "metadata.json", "README.md", "Thumbs.db", ".DS_Store", "__MACOSX/._ada.ipynb"]
    files = {"ada.ipynb": "1", "bob/torch.ipynb": "2"} | dict.fromkeys(stray, "")
    for source in (written(tmp_path / "all", files), zipped(tmp_path / "all.zip", files)):
        assert [*found(source)[1]] == ["ada", "bob"]


def test_a_folder_around_the_class_is_left_out_and_that_is_said(tmp_path):
    collected, students = found(written(tmp_path, {"hw2/ada.ipynb": "1", "hw2/bob.ipynb": "2", "hw2/index.html": ""}))
    assert [*students] == ["ada", "bob"]
    assert any("folder hw2 is taken for the class" in odd for odd in collected.odd)


@pytest.mark.parametrize(
    ("paths", "students"),
    [
        (["x/toy/ada.ipynb", "x/toy/bob.ipynb", "x/toy/cy.ipynb"], ["ada", "bob", "cy"]),
        (["x/toy/torch.ipynb", "x/toy/tensorflow.ipynb", "x/toy/checks/a.npz"], ["x"]),
        (["c/ada/hw/torch.ipynb", "c/bob/hw/torch.ipynb"], ["ada", "bob"]),
        (
            ["g/submitted/a/toy/t.ipynb", "g/submitted/b/toy/t.ipynb", "g/source/toy/t.ipynb", "b/x.ipynb"],
            ["a", "b"],
        ),
        (["ada/toy/submitted/x/toy/t.ipynb", "ada/toy/t.ipynb", "bob/toy/t.ipynb"], ["ada", "bob"]),
        (["ada/toy/submitted/x/toy/t.ipynb"], ["ada"]),
        (["ada/submitted/toy/t.ipynb", "bob/t.ipynb", "cy/t.ipynb"], ["ada", "bob", "cy"]),
        (["Submitted files/Ada King/HW/t.ipynb", "Submitted files/Bob/HW/t.ipynb"], ["Ada King", "Bob"]),
        (["kingada_late_11_991_t.ipynb"], ["kingada_11"]),
        (["_11_991_t.ipynb", "_LATE_12_992_t.ipynb", "roe_13_993_t.ipynb"], ["11", "12", "roe_13"]),
        (["kingada_11_991_torch.ipynb", "kingada_11_992_tensorflow.ipynb"], ["kingada_11"]),
        (["Abgegeben/Ada King/HW/Version 2/t.ipynb", "Entwürfe/Bob/HW/t.ipynb"], ["Ada King"]),
    ],
)
def test_folders_in_folders(paths, students):
    assert sorted({place.student for place in forms.read(paths, "toy").places.values()}) == students


def test_what_lies_beside_the_submissions_is_named(tmp_path):
    files = {f"course/submitted/{name}/toy/torch.ipynb": name for name in ("ada", "bob")}
    files |= {"course/release/toy/torch.ipynb": "stub", "course/gradebook.db": "", "course/late/cy.ipynb": ""}
    odd = found(written(tmp_path, files))[0].odd
    assert [each for each in odd if "Left out" in each] == ["Left out, because of its name: course/late."]


def test_a_class_of_one_with_several_files_is_said(tmp_path):
    odd = found(zipped(tmp_path / "all.zip", {"hw_2_100_doe.ipynb": "1", "hw_2_101_roe.ipynb": "2"}))[0].odd
    assert "All 2 files are taken for the work of one student, hw_2." in odd


@pytest.mark.parametrize("inside", ["class.zip", "Downloads/class.zip"])
def test_a_zip_with_the_zip_of_a_class_is_said(tmp_path, inside):
    platforms = zipped(tmp_path / "class.zip", {"ada.ipynb": "1", "bob.ipynb": "2"}).read_bytes()
    odd = found(zipped(tmp_path / "all.zip", {inside: platforms}))[0].odd
    assert any("class.zip" in each and "one student" in each and "whole class" in each for each in odd)


@pytest.mark.parametrize("name", ["torch (1)", "torch(2)", "tensorflow-3", "Copy of torch", "Kopie von torch", "Torch"])
def test_a_notebook_that_kept_its_name_does_not_say_whose_it_is(tmp_path, name):
    """As in Drive's zip of what was handed in in Google Classroom."""
    odd = found(zipped(tmp_path / "all.zip", {"ada.ipynb": "1", f"{name}.ipynb": "2"}))[0].odd
    assert f"{name}.ipynb does not say whose it is." in odd


def test_one_student_with_both_notebooks_is_one(tmp_path):
    assert notebooks(found(written(tmp_path, {"ada/torch.ipynb": "1", "ada/tensorflow.ipynb": "2"}))[1]) == {
        "ada": ["tensorflow.ipynb", "torch.ipynb"]
    }


@pytest.mark.parametrize("name", ["Müller.ipynb", "李小龙/torch.ipynb", "Zoë_11_assignsubmission_file_/torch.ipynb"])
def test_names_in_utf8_without_the_flag_are_read_as_they_are_meant(tmp_path, name):
    path = zipped(tmp_path / "all.zip", {name: "1"})
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        content[content.index(mark) + at] &= ~8
    path.write_bytes(content)
    (student,) = found(path)[1]
    assert student in ("Müller", "李小龙", "Zoë_11")


def test_names_as_the_instructor_says(tmp_path):
    files = {"hw_2_doe_late/a.ipynb": "1", "x/hw_2_roe.ipynb": "2", "README.ipynb": "3"}
    collected, students = found(written(tmp_path, files), names=r"hw_2_(?P<student>[a-z]+)(?P<late>_late)?")
    assert {name: each.hours_late for name, each in students.items()} == {"doe": 0.01, "roe": 0}
    assert any("README.ipynb" in odd for odd in collected.odd)
    for wrong, part in [("(", "no regular expression"), ("[a-z]+", "(?P<student>")]:
        with pytest.raises(GradingError) as error:
            found(tmp_path, names=wrong)
        says(error, wrong, part)


def test_gradescopes_export_without_its_list_is_read(tmp_path):
    for number, listed in enumerate((None, "- a\n", "a: [", "submission_1: 5\n", "submission_1:\n  :submitters: x\n")):
        files = {"e/submission_1/torch.ipynb": "1", "e/submission_2/torch.ipynb": "2"}
        files |= {"e/submission_metadata.yml": listed} if listed else {}
        assert [*found(written(tmp_path / str(number), files))[1]] == ["submission_1", "submission_2"]


# ---- a zip that is none ----


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("all.zip", b"PK\x03\x04 and nothing more", "zip that cannot be read"),
        ("all.zip", b"", "zip that cannot be read"),
        ("all.rar", b"Rar!", "neither a folder nor a zip"),
        ("all.tar.gz", b"\x1f\x8b", "neither a folder nor a zip"),
    ],
)
def test_a_damaged_export_is_one_sentence(tmp_path, name, content, part):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GradingError) as error:
        found(tmp_path / name)
    says(error, name, part)
    assert "\n" not in str(error.value)


def test_an_export_in_a_newer_format_is_one_sentence(tmp_path):
    path = zipped(tmp_path / "all.zip", {"ada.ipynb": "1"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 99  # the version that is needed to unpack it
    path.write_bytes(content)
    with pytest.raises(GradingError) as error:
        found(path)
    says(error, "all.zip", "cannot be read", "version 9.9")


# ---- times, and who there is ----


def table(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


MOODLE = (
    "Identifier,Full name,Email address,Status,Last modified (submission),Grade\n"
    'Participant 11,Ada King,ada@x.org,Submitted,"Sunday, 1 March 2026, 1:30 PM",\n'
    'Participant 12,Bob,bob@x.org,Submitted,"Sunday, 1 March 2026, 11:30 AM",\n'
    "Participant 13,Cy,cy@x.org,No submission,-,\n"
)
MOODLES = [  # in the language of who downloads
    'Identifiant,"Nom complet","Dernière modification (travail remis)"\nx 11,Ada King,"dimanche 1 mars 2026, 13:30"\n',
    'Identificador,Nombre completo,Última modificación (entrega)\nx 11,Ada King,"dom, 1 de marzo de 2026, 13:30"\n',
    'Identificatore,Nome completo,Ultima modifica (consegna)\nx 11,Ada King,"domenica, 1 marzo 2026, 13:30"\n',
    "Identificador,Nome completo,Última modificação (envio)\nx 11,Ada King,domingo 1 de março de 2026 às 13:30\n",
    "Identificatie;Volledige naam;Laatst gewijzigd (inzending)\nx 11;Ada King;zondag, 1 maart 2026, 13:30\n",
    "Id,Fullständigt namn,Senast ändrad (inlämning)\nx 11,Ada King,söndag 1 mars 2026 13:30\n",
    "Identyfikator;Pełna nazwa;Ostatnio modyfikowane (przesłane zadanie)\nx 11;Ada King;1 marca 2026, 13:30\n",
    "Идентификатор;Полное имя;Последнее изменение (ответ)\nx 11;Ada King;воскресенье, 1 марта 2026, 13:30\n",
    "ID,Tam adı,Son değiştirme (gönderim)\nx 11,Ada King,1 Mart 2026 Pazar 13:30\n",
    "ID,フルネーム,最終更新日時 (提出)\n参加者 11,Ada King,2026年 03月 1日(日曜日) 13:30\n",
    "编号,全名,最近修改 (提交)\n参与者11,Ada King,2026年03月1日 星期日 13:30\n",
]
CANVAS = 'Student,ID,SIS Login ID,Section,Submitted At\nPoints Possible,,,,\n"King, Ada",11,ak,1,2026-03-01T13:30:00Z\n'


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"Ada King_11_assignsubmission_file_/t.ipynb": "", "Bob_12_assignsubmission_file_/t.ipynb": ""}, MOODLE),
        ({"Participant_11_assignsubmission_file_/t.ipynb": ""}, MOODLE),
        (
            {"Ada King_11_assignsubmission_file_/t.ipynb": ""},
            "ID,Vollständiger Name,Zuletzt geändert (Abgabe)\n"
            'Teilnehmer/in 11,Ada King,"Sonntag, 1. März 2026, 13:30"\n',
        ),
        *(({"Ada King_11_assignsubmission_file_/t.ipynb": ""}, text) for text in MOODLES),
        ({"kingada_11_991_t.ipynb": ""}, CANVAS),
        ({"kingada_9_991_t.ipynb": ""}, CANVAS),
        ({"King, Ada.ipynb": ""}, "\ufeffname;submitted\nAda King;01.03.2026 13:30\n"),
        ({"aking.ipynb": ""}, "id\ttime\naking\t2026-03-01 14:30 CET\n".encode("utf-16")),
        (
            {"aking.ipynb": ""},
            "HW 2,Points\n\nDisplay ID,ID,Last Name,First Name,Submission date\naking,1,King,Ada,2026-03-01 13:30\n",
        ),
    ],
)
def test_a_table_of_times_is_believed(tmp_path, files, text):
    _, students = found(zipped(tmp_path / "all.zip", files), times=table(tmp_path / "times.csv", text))
    hours = {name: each.hours_late for name, each in students.items()}
    assert hours.pop(next(name for name in hours if "Bob" not in name)) == 1.5
    assert [*hours.values()] in ([], [0])
    assert {each.time_from for each in students.values()} == {"the table of times"}


@pytest.mark.parametrize(
    "text", ["mar, 3 feb 2026 13:30", "mar. 3 févr. 2026 13:30", "mar 3 de febrero de 2026, 13:30", "Feb 3, 2026 13:30"]
)
def test_a_day_of_the_week_is_no_month(text):
    assert read_time(text, UTC)[0] == datetime(2026, 2, 3, 13, 30, tzinfo=UTC)


def test_a_time_that_contradicts_the_platforms_mark_is_said(tmp_path):
    times = table(tmp_path / "t.csv", "student,submitted\nkingada,2026-03-01 11:00\n")
    collected, students = found(zipped(tmp_path / "all.zip", {"kingada_LATE_11_991_t.ipynb": ""}), times=times)
    assert students["kingada_11"].hours_late == 0
    assert any("before the deadline" in odd for odd in collected.odd)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("name,grade\nada,3\n", ["--times", "submitted", "name, grade"]),
        ("when,who\n", ["--times", "names or ids"]),
        ("", ["--times", "begins with nothing"]),
    ],
)
def test_a_table_without_times_is_said(tmp_path, text, parts):
    with pytest.raises(GradingError) as error:
        found(written(tmp_path / "all", {"ada.ipynb": ""}), times=table(tmp_path / "t.csv", text))
    says(error, *parts)


def test_several_rows_for_one_student_are_said(tmp_path):
    text = "student,submitted\nada,2026-03-01 11:00\nada,2026-03-01 13:00\nbob,2026-03-01 13:00\n"
    source = written(tmp_path / "all", {"ada.ipynb": "", "bob.ipynb": "2"})
    os.utime(source / "ada.ipynb", (NOON.timestamp() - 60,) * 2)
    collected, students = found(source, times=table(tmp_path / "t.csv", text))
    assert [each.hours_late for each in students.values()] == [0, 1]
    assert any("several rows" in odd and "2026-03-01 11:00" in odd for odd in collected.odd)


def test_a_time_that_cannot_be_read_is_said_and_costs_nothing(tmp_path):
    times = table(tmp_path / "t.csv", "student,submitted\nada,03/04/2026 11:00\nbob,yesterday\n")
    collected, students = found(written(tmp_path / "all", {"ada.ipynb": "", "bob.ipynb": "2"}), times=times)
    assert [each.hours_late for each in students.values()] == [0, 0]
    assert any("ada" in odd and "two days" in odd for odd in collected.odd)
    assert any("bob" in odd and "'yesterday'" in odd for odd in collected.odd)


@pytest.mark.parametrize(
    ("stamp", "hours"),
    [
        ("2026-03-01 15:30:00.000000 CEST", 1.5),
        ("2026-03-01 05:30:00.000000 PST", 1.5),
        ("2026-03-01 06:30:00.000000 PDT", 1.5),
        ("2026-03-01 09:30:00.000000 EDT", 1.5),
        ("2026-03-01 14:30:00.000000 BST", 1.5),
        ("2026-03-01 19:00:00.000000 IST", 1.5),
        ("2026-03-01 22:30:00.000000 JST", 1.5),
        ("2026-03-01 10:30:00.000000 −03", 1.5),
        ("2026-03-01 10:30:00.000000 -03", 1.5),
        ("2026-03-01 13:30:00.000000", 1.5),
        ("2026-03-01 13:30:00 UTC\n", 1.5),
        ("2026-03-01 23:30:00.000000 ChST", 1.5),
        ("2026-03-01 15:30:00 IDT", 0.5),
        ("2026-03-01 14:30 MET", 1.5),
        ("2026-03-01 13:30 utc", 1.5),
    ],
)
def test_stamps_of_all_zones(tmp_path, stamp, hours):
    files = {"ada/toy/torch.ipynb": "1", "ada/toy/timestamp.txt": stamp}
    collected, students = found(written(tmp_path, files))
    assert (students["ada"].hours_late, students["ada"].time_from) == (hours, "timestamp.txt")
    if stamp.endswith(("IST", "BST", "PST", "000000")):
        assert any("IST" in odd or "BST" in odd or "PST" in odd or "no zone" in odd for odd in collected.odd)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("1 March 2026 5:59:00 pm AEDT", 6),
        ("Sun Mar 01 17:59:00 CET 2026", 16),
        ("1 Mar 2026, 17:59:00 GMT+1", 16),
        ("20260301T175900Z", 17),
        ("am 1.3.2026 um 17.59 Uhr", 17),
        ("1. 3. 2026 17:59", 17),
        ("1.3.26 17:59", 17),
        ("søndag 1. mars 2026, 17.59", 17),
        ("domenica, 1 marzo 2026, 17.59", 17),
        ("dimanche 1 mars 2026, 17h59", 17),
        ("Sunday, March 1st, 2026 at 5:59 p.m.", 17),
        ("2026/03/01 17:59 (UTC-05:00)", 22),
        ("2026年03月 1日(日曜日) 17:59", 17),
        ("2026年3月1日 下午5:59", 17),
        ("2026. 3. 1. 오후 5:59", 17),
        ("2026. 03. 01. 17:59", 17),
        ("2026.03.01 17:59", 17),
        ("1 Mar 2026 5:59 PM Europe/Paris", 16),
        ("2026-03-01 17:59:00 (America/New_York)", 22),
        ("2026-03-01 7:59 HST-1000", 17),
        ("2026-03-01 20:59 QZT+0300", None),
        ("01-03-2026 17:59", None),
        ("2026-03-01_17-59", None),
        ("3-1-2026 5:59 PM", None),
        ("2026년 3월 1일 일요일 오후 5:59", 17),
        ("1 March 2026 5:59 pm XQZ today", None),
        ("5:59 PM 1 March 2026 ABCD", None),
        ("Sunday 3/1/2026 5:59:00 PM", None),
        ("2026-02-30 12:00", None),
        ("Mar 1 at 5:59pm", None),
    ],
)
def test_times_are_read_as_they_are_written_or_not_at_all(text, hour):
    if hour is None:
        with pytest.raises(ValueError, match=r"\w+ "):
            read_time(text, UTC)
    else:
        assert read_time(text, UTC)[0].replace(second=0) == datetime(2026, 3, 1, hour, 59, tzinfo=UTC)


def test_every_zone_that_is_in_use_is_read_or_said():
    wrong = set()
    for name in zoneinfo.available_timezones():
        for month in (1, 7):
            moment = datetime(2026, month, 15, 12, 30, tzinfo=zoneinfo.ZoneInfo(name))
            for form in ("%Y-%m-%d %H:%M:%S.%f %Z", "%d %B %Y, %I:%M %p %Z", "%Y-%m-%d %H:%M %Z%z"):
                read, assumed = read_time(moment.strftime(form), UTC)
                if read != moment and "can also be" not in assumed:
                    wrong.add((moment.tzname(), assumed))
    assert not wrong


@pytest.mark.parametrize(
    "stamp",
    ["", "yesterday", "9999-12-31 23:59:59 -0800", "99999-01-01 00:00:00 UTC", "2026-03-01 13:30 XQZ", "\x00" * 99],
)
def test_a_stamp_that_cannot_be_read_is_said(tmp_path, stamp):
    files = {"ada/toy/torch.ipynb": "1", "ada/toy/timestamp.txt": stamp, "bob/toy/torch.ipynb": "2"}
    collected, students = found(written(tmp_path, files))
    assert (students["ada"].hours_late, students["ada"].submitted) == (0, None)
    assert any("ada" in odd and "not known" in odd for odd in collected.odd)
    assert students["bob"].submitted


def test_a_zip_of_work_can_be_late(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("torch.ipynb", "1")
    source = written(tmp_path, {"ada/all.zip": inner.getvalue(), "bob.zip": inner.getvalue()})
    for path in (source / "ada/all.zip", source / "bob.zip"):
        os.utime(path, (NOON.timestamp() + 7200,) * 2)
    assert [each.hours_late for each in found(source)[1].values()] == [2, 2]


ROSTER = "name,id,group,extension\nAda King,11,,\nBob Roe,12,,24\nCy Doe,13,G1,\nDee Poe,14,G1,\nEve Fox,15,,\n"


def test_a_roster_has_everybody(tmp_path):
    files = {
        "kingada_11_991_t.ipynb": "1",
        "roebob_LATE_12_992_t.ipynb": "2",
        "g1_77_993_t.ipynb": "3",
        "x_5_994_t.ipynb": "4",
    }
    times = table(tmp_path / "times.csv", "student,submitted\nroebob,2026-03-02 13:00\ng1,2026-03-01 13:00\n")
    collected, students = found(
        zipped(tmp_path / "a.zip", files), roster=table(tmp_path / "r.csv", ROSTER), times=times
    )
    assert {name: [*each.notebooks.values()] for name, each in students.items()} == {
        "kingada_11": [b"1"],
        "roebob_12": [b"2"],
        "Cy Doe": [b"3"],
        "Dee Poe": [b"3"],
        "Eve Fox": [],
        "x_5": [b"4"],
    }
    assert students["Eve Fox"].instead == "Nothing was handed in."
    assert {name: each.hours_late for name, each in students.items() if each.hours_late} == {
        "roebob_12": 1,
        "Cy Doe": 1,
        "Dee Poe": 1,
    }
    assert any("Not in the roster: x_5." in odd for odd in collected.odd)


def test_members_have_their_own_times(tmp_path):
    times = table(tmp_path / "t.csv", "student,submitted\nCy Doe,2026-03-01 13:00\nDee Poe,2026-03-01 14:00\n")
    source = zipped(tmp_path / "a.zip", {"g1_77_993_t.ipynb": "3"})
    _, students = found(source, roster=table(tmp_path / "r.csv", ROSTER), times=times)
    assert (students["Cy Doe"].hours_late, students["Dee Poe"].hours_late) == (1, 2)


def test_a_roster_makes_no_class_of_a_wrong_folder(tmp_path):
    (tmp_path / "all").mkdir()
    with pytest.raises(GradingError) as error:
        found(tmp_path / "all", roster=table(tmp_path / "r.csv", ROSTER))
    says(error, "no submission")


def test_two_students_of_one_name_have_two_rows(tmp_path):
    listed = GRADESCOPE.replace("Bob Roe", "Ada King").replace("'12'", "'11'")
    files = EXPORTS["Gradescope"][0] | {"assignment_5_export/submission_metadata.yml": listed}
    collected, students = found(zipped(tmp_path / "a.zip", files))
    assert {name: [*each.notebooks.values()] for name, each in students.items()} == {
        "Ada King_11": [b"1"],
        "Ada King_11 (2)": [b"2"],
        "Cy Doe_13": [b"2"],
    }
    assert any("2 students called Ada King_11" in odd for odd in collected.odd)


def test_members_get_what_one_of_their_group_handed_in(tmp_path):
    source = written(tmp_path / "all", {"Cy Doe.ipynb": "3", "Ada King.ipynb": "1"})
    collected, students = found(source, roster=table(tmp_path / "r.csv", ROSTER))
    assert students["Dee Poe"].notebooks == students["Cy Doe"].notebooks
    assert any("Dee Poe gets what Cy Doe handed in for the group G1" in odd for odd in collected.odd)


def test_whose_group_handed_in_different_things_gets_neither(tmp_path):
    text = ROSTER + "Fay Lee,16,G1,\n"
    source = written(tmp_path / "all", {"Cy Doe.ipynb": "3", "Dee Poe.ipynb": "4"})
    collected, students = found(source, roster=table(tmp_path / "r.csv", text))
    assert students["Fay Lee"].notebooks == {}
    assert any("Fay Lee" in odd and "Cy Doe and Dee Poe" in odd for odd in collected.odd)


def test_members_of_a_team_in_moodle_are_found_behind_its_name(tmp_path):
    files = {f"Red-hot Team-{name}_{number}_assignsubmission_file_/t.ipynb": "1" for name, number in
             (("Cy Doe", 7013), ("Dee Poe", 7014))}  # fmt: skip
    files["Ada King_7011_assignsubmission_file_/t.ipynb"] = "2"
    collected, students = found(zipped(tmp_path / "a.zip", files), roster=table(tmp_path / "r.csv", ROSTER))
    assert {name: [*each.notebooks.values()] for name, each in students.items()} == {
        "Ada King_7011": [b"2"], "Red-hot Team-Cy Doe_7013": [b"1"], "Red-hot Team-Dee Poe_7014": [b"1"],
        "Bob Roe": [], "Eve Fox": [],
    }  # fmt: skip
    assert not any("roster" in odd for odd in collected.odd)


def test_what_is_odd_about_many_is_said_once(tmp_path):
    text = "student,submitted\n" + "".join(f"s{n},2026-03-01 11:0{n}\n" for n in range(8))
    source = zipped(tmp_path / "a.zip", {f"s{n}.ipynb": "1" for n in range(8)})
    collected, _ = found(source, times=table(tmp_path / "t.csv", text))
    assert collected.odd == [
        "s0, s1, s2, s3, s4 and 3 more: the table of times: no zone is written, so it is that of the deadline."
    ]


def test_two_files_of_one_path_are_both_read(tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("ada/torch.ipynb", "a\u200bda/torch.ipynb", "bob.ipynb", "bob.ipy\u200bnb"):
            archive.writestr(name, name)
    students = found(path)[1]
    assert notebooks(students) == {
        "ada": ["torch (2).ipynb", "torch.ipynb"],
        "bob": ["bob.ipynb"],
        "bob (2)": ["bob (2).ipynb"],
    }


def test_two_of_one_name_are_told_apart_by_their_numbers(tmp_path):
    text = "name,id,extension\nAda King,11,\nAda King,12,24\n"
    files = {f"Ada King_{n}_assignsubmission_file_/t.ipynb": str(n) for n in (11, 12)}
    times = table(tmp_path / "t.csv", "id,submitted\n11,2026-03-01 13:00\n12,2026-03-01 13:00\n")
    collected, students = found(zipped(tmp_path / "a.zip", files), roster=table(tmp_path / "r.csv", text), times=times)
    assert {name: each.hours_late for name, each in students.items()} == {"Ada King_11": 1, "Ada King_12": 0}
    assert collected.odd == [odd for odd in collected.odd if "zone" in odd]
    _, students = found(written(tmp_path / "x", {"Ada King.ipynb": ""}), roster=tmp_path / "r.csv")
    assert {*students} == {"Ada King", "Ada King (11)", "Ada King (12)"}


@pytest.mark.parametrize("extension", ["soon", "-3", "nan", "1e9"])
def test_an_extension_that_is_none_is_said(tmp_path, extension):
    roster = table(tmp_path / "r.csv", f"name,extension\nAda,{extension}\n")
    with pytest.raises(GradingError) as error:
        found(written(tmp_path / "all", {"ada.ipynb": ""}), roster=roster)
    says(error, "--roster", "Ada", repr(extension), "hours")


def test_a_deadline_without_a_time_of_day_is_the_end_of_the_day():
    from course_utils.grading.times import read_deadline

    for text in ("2026-03-01", "20260301", " 2026-03-01 ", "2026-W09-7"):
        assert read_deadline(text) - read_deadline("2026-03-01T00:00") == timedelta(days=1, microseconds=-1)
    with pytest.raises(GradingError) as error:
        read_deadline("1 March")
    says(error, "'1 March'", "2026-03-01")
