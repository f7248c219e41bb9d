"""Frameworks are imported without a search for garbage, and TensorFlow without the lines of oneDNN that are known."""

import gc
import os
import subprocess
import sys

import pytest

from course_utils.importing import garbage_left_alone, known_lines_left_out

pytest.importorskip("tensorflow")
KNOWN = b"I0000 00:00:17.3  7 port.cc:153] oneDNN custom operations are on. You may see slightly different results"


def stderr_of(code: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stderr


def test_an_unknown_line_is_passed_on(capfd):
    with known_lines_left_out():
        os.write(2, b"before\n" + KNOWN + b"\nE0000 your GPU is on fire")
        assert capfd.readouterr().err == ""
    os.write(2, b"!\n")
    assert capfd.readouterr().err == "before\nE0000 your GPU is on fire!\n"


def test_what_was_written_before_an_exception_is_passed_on(capfd):
    with pytest.raises(ImportError), known_lines_left_out():
        os.write(2, b"libtensorflow.so: wrong architecture\n")
        raise ImportError
    assert capfd.readouterr().err == "libtensorflow.so: wrong architecture\n"


def test_stderr_is_empty_and_one_dnn_on():
    computes = "assert os.environ['TF_ENABLE_ONEDNN_OPTS'] == '1'; tensorflow.matmul(*tensorflow.ones((2, 1, 1)))"
    assert stderr_of(f"import os, course_utils, tensorflow, course_utils.tensorflow; {computes}") == ""


def test_what_the_user_chose_stays():
    chosen = "os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'"
    assert stderr_of(f"import os; {chosen}; import course_utils; assert {chosen.replace('=', '==')}") == ""


def test_a_tensorflow_that_was_imported_first_says_what_it_always_says_and_no_more():
    said = stderr_of("import os, tensorflow; os.write(2, b'--\\n'); import course_utils.tensorflow")
    assert said.endswith("--\n")


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_no_garbage_is_searched_while_a_framework_is_imported(framework):
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    searches = "searches = []; gc.callbacks.append(lambda when, what: searches.append(what))"
    after = "assert gc.isenabled() and gc.get_freeze_count() > 100_000"
    assert stderr_of(f"import gc, course_utils; {searches}; import {framework}; assert searches == []; {after}") == ""


@pytest.mark.parametrize("searching", [True, False])
def test_whether_garbage_is_searched_afterwards_is_as_before(monkeypatch, searching):
    frozen = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    (gc.enable if searching else gc.disable)()
    try:
        with pytest.raises(ImportError), garbage_left_alone():
            assert not gc.isenabled()
            raise ImportError
        assert gc.isenabled() == searching and frozen == [True] * searching
    finally:
        gc.enable()
