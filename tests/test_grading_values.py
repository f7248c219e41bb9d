"""What may cross between a student's process and the grader: plain values, whole; anything else is refused."""

import pickle
import socket
import struct
import threading
import time
from collections import namedtuple
from unittest import mock

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_utils.assignments import serializing
from course_utils.assignments.errors import BadValue, StudentLost, TooLarge
from course_utils.grading.channel import Channel, Closed, TooLate, TooLong
from course_utils.grading.limits import Limits
from course_utils.grading.sandbox import End
from course_utils.grading.session import Budget, RemoteStudent

ARRAYS = hnp.arrays(
    st.sampled_from(sorted(serializing.KINDS, key=str)), hnp.array_shapes(min_dims=0, min_side=0, max_side=4)
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=9) | ARRAYS
PLAIN = st.recursive(
    LEAVES,
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.lists(parts, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5), parts, max_size=3)
    ),
    max_leaves=9,
)


def same(one, other):
    """Equal in value, kind and shape, all the way down; NaN equals NaN."""
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape) == (other.dtype, other.shape) and np.array_equal(
            one, other, equal_nan=one.dtype.kind == "f"
        )
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return type(one) is type(other) and (one == other or (one != one and other != other))


@given(PLAIN)
def test_what_goes_in_comes_out(value):
    assert same(serializing.decode(serializing.encode(value)), value)


def test_a_forged_listing_of_arrays_is_not_read():
    listing = b",".join(b'"arr_%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % i for i in range(800_000))
    message = struct.pack("<I", 2) + b"[]" + struct.pack("<Q", len(listing) + 2) + b"{" + listing + b"}"
    began = time.process_time()
    with pytest.raises(BadValue):
        serializing.decode(message)
    assert time.process_time() - began < 1
    with pytest.raises(BadValue) as error:
        serializing.encode([np.zeros(0)] * 30_000)
    says(error, "arrays")


@given(ARRAYS)
def test_the_order_in_memory_does_not_matter(array):
    for view in (array.T, np.asfortranarray(array), array.astype(array.dtype.newbyteorder(">"))):
        got = serializing.decode(serializing.encode(view))
        assert got.dtype == array.dtype
        assert np.array_equal(got, view, equal_nan=array.dtype.kind == "f")


def test_numbers_of_numpy_and_named_tuples_become_plain():
    State = namedtuple("State", "H C")
    assert serializing.decode(serializing.encode(State(np.float32(1.5), 2))) == (1.5, 2)


def test_what_comes_out_can_be_changed():
    serializing.decode(serializing.encode(np.zeros(3)))[0] = 1


def message(structure):
    """What a student's process may send that has this JSON for its structure, and one array."""
    array = serializing.encode(np.zeros(2)).partition(b'{"array": 0}')[2]
    return struct.pack("<I", len(structure)) + structure.encode() + array


@pytest.mark.parametrize(
    "structure",
    [
        "1" + "0" * 400,  # an error in the grader, if it came out: numbers are compared as floats
        str(-(2**64)),
        '[{"tuple": [1, 18446744073709551616]}]',
        "{}",
        '{"dict": {}, "tuple": []}',
        '{"dict": [1]}',
        '{"dict": "text"}',
        '{"tuple": {"a": 1}}',
        '{"tuple": 1}',
        '{"set": [1]}',
        "[" * 40 + "]" * 40,
        "[" * 10_000 + "]" * 10_000,
        '{"array": 1}',
        '{"array": [0]}',
        '[{"array": 0}, {"array": 0}]',
    ],
)
def test_a_structure_that_was_not_made_here_is_refused(structure):
    with pytest.raises(BadValue):
        serializing.decode(message(structure))


def test_a_structure_that_was_made_here_is_read():
    got = serializing.decode(message('[{"tuple": [18446744073709551615, true]}, {"dict": {"b": {"array": 0}}}]'))
    assert same(got, [(2**64 - 1, True), {"b": np.zeros(2)}])


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (object(), "object"),
        (print, "builtin_function_or_method"),
        (np.array([None]), "object"),
        (np.array(["text"]), "<U4"),
        (np.zeros(2, "complex128"), "complex128"),
        (1j, "complex"),
        (2**64, "64 bits"),
        ({1: 2}, "keys"),
        ({Text("a"): 2}, "keys"),
        (Text("a"), "Text"),
        ({"a"}, "set"),
        (b"", "bytes"),
        (list(range(300_000)), "arrays"),
    ],
)
def test_nothing_else_goes_in(value, part):
    with pytest.raises(BadValue) as error:
        serializing.encode([value])
    says(error, part)


def test_depth_has_an_end_in_both_directions():
    deep = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(BadValue, match="deep"):
        serializing.encode(deep)
    structure = b'{"list": [' * 10_000 + b"]}" * 10_000
    with pytest.raises(BadValue):
        serializing.decode(struct.pack("<I", len(structure)) + structure)


def test_an_answer_that_is_too_large_says_how_large():
    with pytest.raises(TooLarge) as error:
        serializing.encode({"a": np.zeros(2**18)}, 2**20)
    says(error, "2 MB", "1 MB")


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(content):
    refused_or_plain(content)


@given(PLAIN, st.integers(0, 10**6), st.integers(0, 255))
def test_no_damaged_message_does_harm(value, place, byte):
    content = bytearray(serializing.encode(value))
    content[place % len(content)] = byte
    refused_or_plain(bytes(content))
    refused_or_plain(bytes(content[: place % len(content)]))


def refused_or_plain(content):
    """What is read is refused, or is such that it could have been sent."""
    try:
        value = serializing.decode(content)
    except BadValue as error:
        assert str(error) == "something came that is no message of values."
    else:
        assert all(array.dtype in serializing.KINDS for array in arrays_in(value))


def arrays_in(value):
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from arrays_in(part)


def test_a_pickle_is_not_read(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path / "sprung").touch, ()

    with pytest.raises(BadValue):
        serializing.decode(pickle.dumps(Trap()))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "answer",
    [
        [np.zeros(2)],
        [np.zeros(2), 1],
        ["value"],
        ["value", 1, 2],
        ["problem", np.zeros(2), ["a"]],
        ["problem", "BadValue", [np.zeros(2)]],
        ["problem", ["BadValue"], ["a"]],
        np.zeros(2),
        [],
        None,
    ],
)
def test_an_answer_of_another_form_is_the_end_of_the_students_process(answer):
    process = mock.Mock(ask=mock.Mock(return_value=answer), end=mock.Mock(return_value=End("let go")))
    student = RemoteStudent(process, "torch", Limits(), Budget(9, 9))
    with pytest.raises(StudentLost, match=r"^your code was stopped: its answer is no value\.$"):
        student.call("f")
    process.end.assert_called_once_with()


@pytest.mark.parametrize(
    ("value", "defined"),
    [([True], True), ([False], False), ([np.zeros(2)], False), (np.ones(1), False), ([1], False), (None, False)],
)
def test_a_name_is_defined_if_the_process_says_so_plainly(value, defined):
    process = mock.Mock(ask=mock.Mock(return_value=["value", value]))
    assert RemoteStudent(process, "torch", Limits(), Budget(9, 9)).defines("f") is defined


@pytest.fixture
def ends():
    pair = [Channel(end, 2**20) for end in socket.socketpair()]
    yield pair
    for end in pair:
        end.close()


def test_large_values_cross_whole(ends):
    one, other = ends
    sent = {"X": np.arange(2**17, dtype="float64"), "n": 3}
    thread = threading.Thread(target=one.send, args=(sent,))
    thread.start()
    assert same(other.receive(10), sent)
    thread.join()


def test_waiting_has_an_end(ends):
    with pytest.raises(TooLate):
        ends[0].receive(0.05)
    ends[1].connection.sendall(b"\x10")  # a message that begins and never goes on
    with pytest.raises(TooLate):
        ends[0].receive(0.05)


def test_a_message_that_promises_too_much_is_not_awaited(ends):
    ends[1].connection.sendall(struct.pack("<Q", 2**40))
    with pytest.raises(TooLong):
        ends[0].receive(10)


def test_the_other_sides_end_is_noticed(ends):
    ends[1].close()
    with pytest.raises(Closed):
        ends[0].receive(10)
    with pytest.raises(Closed):
        ends[0].send("anybody there?")
