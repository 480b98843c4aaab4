"""Official episode files that are hostile: refused, and nothing of them runs."""

from __future__ import annotations

import codecs
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from official_file import HOME, Builder, refusal

from polyathlon.tasks.array_pickle import load_arrays
from polyathlon.tasks.langr.home import home_named
from polyathlon.tasks.langr.layout import Pose
from polyathlon.tasks.langr.official import read_official
from polyathlon.tasks.langr.planner import plan
from polyathlon.tasks.langr.rules import Rules


class Calling:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def text_of(name):
    return struct.pack("<B", len(name)) + name.encode()


def program(*parts):
    return b"\x80\x04" + b"".join(parts) + b"."


def global_of(module, name):
    return b"\x8c" + text_of(module) + b"\x8c" + text_of(name) + b"\x93"


NDARRAY = global_of("numpy", "ndarray")
DTYPE = global_of("numpy", "dtype")
MAKE = global_of("numpy._core.multiarray", "_reconstruct")
F8 = DTYPE + b"\x8c\x02f8\x89\x88\x87R"
EMPTY = MAKE + NDARRAY + b"K\x00\x85C\x01b\x87R"
MINUS = b"\xff" * 4
HUGE = b"\x8a\x05\x00\x00\x00\x00\x01"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"cos\nsystem\n(S'touch hit'\ntR.", "os.system"),
        (b"(S'touch hit'\nios\nsystem\n.", "STRING"),
        (b"\x80\x02(X\x01\x00\x00\x00aios\nsystem\n.", "os.system"),
        (pickle.dumps(Calling(os.system, "touch hit")), "posix.system"),
        (pickle.dumps(Calling(eval, "open('hit', 'w')")), "builtins.eval"),
        (pickle.dumps(Calling(eval, "open('hit', 'w')"), 2), "__builtin__.eval"),
        (pickle.dumps(Calling(np.load, "hit")), "numpy.load"),
        (pickle.dumps(Calling(codecs.encode, "hit", "rot13")), "_codecs.encode"),
        (pickle.dumps(Calling(np.ndarray, (2**40,))), "no pickle"),
        (pickle.dumps(Calling(np.dtype, "O")), "arrays of 'O'"),
        (pickle.dumps(np.array([print, "x"], dtype=object)), "arrays of 'O8'"),
        (pickle.dumps(np.array(["text"])), "arrays of 'U4'"),
        (pickle.dumps(np.zeros(2, "f4,i4")), "arrays of 'V8'"),
        (pickle.dumps(np.datetime64("2020-01-01")), "arrays of 'M8'"),
        (pickle.dumps(Path("hit")), "PosixPath"),
        (program(global_of("numpy.core.multiarray", "_reconstruct.__globals__")), "__globals__"),
        (program(b"K\x01Q"), "BINPERSID"),
        (program(b"\x82\x01"), "EXT1"),
        (program(NDARRAY, HUGE, b"\x85\x81"), "NEWOBJ"),
        (program(NDARRAY, HUGE, b"\x85R"), "no pickle"),
        (program(MAKE, NDARRAY, HUGE, b"\x85C\x01b\x87R"), "no dictionary"),
        (program(EMPTY, b"(K\x01", HUGE, b"\x85", F8, b"\x89C\x00tb"), "out of 0 bytes"),
        (program(EMPTY, b"(K\x01J", MINUS, b"\x85", F8, b"\x89C\x08", bytes(8), b"tb"), "shape"),
        (program(EMPTY, b"(K\x01K\x01\x85", F8, b"\x89]tb"), "something else than numbers"),
        (program(EMPTY, b"}b"), "no pickle"),
        (program(MAKE, b"}\x8c\x01xK\x01sb"), "no pickle"),
        (program(F8, b"(K\x03\x8c\x01<NNNJ", MINUS, b"J", MINUS, b"K?tb"), "no pickle"),
        (program(b"\x8a\x09", bytes(9)), "64 bits"),
        (program(b"K\x01r\xff\xff\xff\x7f"), "memo"),
        (program(b"K\x01" + b"\x85" * 100_000, b"K\x01s"), "tuples nested"),
        (program(b"\x8e" + struct.pack("<Q", 2**62)), "cut off"),
        (program(b"\x95" + struct.pack("<Q", 2**62)), "cut off"),
        (program(b"K\x01" * 3, b"aaaa"), "no pickle"),
        (program(b"h\x00"), "no pickle"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused(data, told, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(data)
    text = refusal(path)
    assert told in text
    assert os.listdir(tmp_path) == [path.name]


def test_deeply_nested_lists_are_refused(write):
    assert refusal(write(program(b"]" * 200_000, b"a" * 199_999)))


def test_arrays_together_are_no_longer_than_their_file(write):
    bytes_once = b"B" + struct.pack("<I", 8000) + bytes(8000) + b"\x94"
    shape = b"(K\x01M\xe8\x03\x85" + F8 + b"\x89h\x00tb"
    small = program(b"]", bytes_once, b"a", EMPTY, shape, b"a")
    assert load_arrays(write(small))[1].nbytes == 8000
    large = program(b"]", bytes_once, b"a", (EMPTY + shape + b"a") * 20)
    assert "arrays longer than the file" in refusal(write(large))


def test_a_hostile_name_cannot_command_the_terminal(write):
    text = refusal(write(program(global_of("os\x1b[2J", "sys\ntem"))))
    assert "\x1b" not in text
    assert "os?[2J.sys?tem" in text


def quantified(count, category="ball"):
    names = [f"X{number}" for number in range(count)]
    return {
        "expr_type": "AND",
        "quantifier": "EXISTS",
        "inputs": [{"name": name, "expr_type": category} for name in names],
        "sub_exprs": [f"holding({names[0]})"],
    }


def test_a_goal_that_would_never_be_written_out_is_refused(write):
    content = Builder().content()
    content["all_eps"][1]["goal_preds"] = quantified(40)
    text = refusal(write(content), lambda path: list(read_official(path)))
    assert "episode 1, field 'goal_preds'" in text
    assert "more than 4096 predicates" in text


def test_a_goal_of_many_choices_is_planned_or_given_up(write):
    """An AND of ORs means more alternatives than could be gone through."""
    either = {"expr_type": "OR", "sub_exprs": ["not_holding()", "closed_fridge(fridge_push_point)"]}
    never = {"expr_type": "AND", "sub_exprs": ["not_holding()", "holding(013_apple_:0000)"]}
    content = Builder().content()
    content["all_eps"][0]["goal_preds"] = {"expr_type": "AND", "sub_exprs": [either] * 26}
    content["all_eps"][1]["goal_preds"] = {"expr_type": "AND", "sub_exprs": [either] * 26 + [never]}
    easy, hopeless = read_official(write(content))
    home = home_named(HOME)
    for episode, solvable in ((easy, True), (hopeless, False)):
        rules = Rules(home, episode)
        rules.begin(Pose(0.0, 0.0))
        assert (plan(rules) is not None) == solvable


def test_a_scene_with_the_name_of_a_home_of_ours_is_refused(write):
    content = Builder(home="terrace_07").content()
    text = refusal(write(content), lambda path: list(read_official(path)))
    assert "'terrace_07' is a home of this package" in text
