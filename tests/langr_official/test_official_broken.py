"""Official episode files that are broken: each is refused in one line that names the place."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from official_file import GOAL, Builder, refusal

from polyathlon.core.errors import BadArgument
from polyathlon.tasks.langr.official import read_official

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 833547264\n"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (POINTER, "Git LFS pointer; in its clone, type: git lfs pull"),
        (b"<!doctype html>\n<title>Sign in</title>", "no pickle"),
        (b"hello", "no pickle"),
        (b"\x80\x04", "cut off"),
        (b"\x80\x04\xff", "no pickle"),
        (b"\x80\x04.", "no pickle"),
        (pickle.dumps([1, 2]), "no dictionary"),
        (pickle.dumps({"all_eps": []}), "all_transforms"),
    ],
)
def test_what_is_no_episode_file_is_one_line(data, told, write):
    assert told in refusal(write(data))


def test_a_missing_file_and_a_folder_are_one_line(tmp_path):
    assert "No such file" in refusal(tmp_path / "nothing.pickle")
    assert "directory" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        assert "not an ordinary file" in refusal(path)


def test_a_file_cut_off_anywhere_is_one_line(write):
    data = pickle.dumps(Builder().content(), protocol=4)
    for length in range(1, len(data), 61):
        assert refusal(write(data[:length]))


def test_a_file_with_altered_bytes_is_read_or_refused(write):
    """Whatever happens to a file, nothing but one kind of error comes out."""
    data = pickle.dumps(Builder().content(), protocol=4)
    dice = np.random.default_rng(0)
    told = []
    for _ in range(400):
        altered = bytearray(data)
        for place in dice.integers(0, len(data), dice.integers(1, 6)):
            altered[place] = dice.integers(0, 256)
        try:
            episodes = list(read_official(write(bytes(altered))))
        except BadArgument as error:
            told.append(str(error))
        else:
            things = [thing for episode in episodes for thing in episode.objects]
            assert np.isfinite([thing.position + thing.rotation for thing in things]).all()
    assert len(told) > 100
    assert not [text for text in told if not text.isprintable()]


def node(**changes):
    return {**GOAL["sub_exprs"][1], **changes}


def deep(levels):
    goal = "not_holding()"
    for _ in range(levels):
        goal = {"expr_type": "AND", "sub_exprs": [goal]}
    return goal


def wide(levels):
    """A goal that is small in a file, since a node stands in it twice, and vast to walk through."""
    goal = {"expr_type": "AND", "sub_exprs": ["not_holding()"] * 2}
    for _ in range(levels):
        goal = {"expr_type": "AND", "sub_exprs": [goal] * 60}
    return goal


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("instruct_id", 7, "no family's id"),
        ("instruct_id", "21E2", "no family's id"),
        ("instruction", "", "line of text"),
        ("instruction", "Move it.\x1b[2J", "line of text"),
        ("instruction", "go " * 999, "longer"),
        ("scene_id", None, "no path of a scene"),
        ("scene_id", "../../etc/passwd", "no path of a scene"),
        ("rigid_objs", [[0, 0]], "not an array"),
        ("rigid_objs", np.zeros((3, 3), int), "not an array"),
        ("rigid_objs", np.zeros((3, 2)), "not an array"),
        ("rigid_objs", np.zeros((0, 2), int), "0 objects"),
        ("rigid_objs", np.zeros((999, 2), int), "999 rows"),
        ("rigid_objs", np.array([[0, 999]]), "no transform 999"),
        ("rigid_objs", np.array([[0, -1]]), "no transform -1"),
        ("rigid_objs", np.array([[999, 0]]), "number 999"),
        ("rigid_objs", np.array([[1, 0]]), "no known asset"),
        ("name_to_receptacle", np.zeros((3, 2), int), "unknown"),
        ("name_to_receptacle", np.zeros((0, 2), int), "_:0000"),
        ("ao_states", {0: {2: 1.2}}, "not closed"),
        ("ao_states", [], "not a dictionary"),
        ("start_preds", ["on_top(X, Sofa)"], "no thing"),
        ("start_preds", ["opened_cab(cab_push_point_7)"], "cannot be made true"),
        ("start_preds", "opened_fridge(fridge_push_point)", "not a list"),
        ("sampled_entities", {"X": "unicorn"}, "unicorn"),
        ("sampled_entities", {"X": ["ball"]}, "does not exist"),
        ("sampled_entities", {1: "ball"}, "name of a blank"),
        ("sampled_entities", None, "not a dictionary"),
        ("goal_preds", None, "NoneType"),
        ("goal_preds", "flies(robot)", "is no predicate"),
        ("goal_preds", "on_top(X, Sofa)", "'X', which is no thing"),
        ("goal_preds", "robot_at(nowhere)", "'nowhere'"),
        ("goal_preds", "holding(Sofa)", "'Sofa'"),
        ("goal_preds", "on_top(013_apple_:0001, Sofa)", "013_apple_:0001"),
        ("goal_preds", "opened_fridge(cab_push_point_7)", "no fridge"),
        ("goal_preds", "not_holding(X)", "takes 0"),
        ("goal_preds", node(expr_type="XOR"), "XOR"),
        ("goal_preds", node(expr_type=["AND"]), "known: AND"),
        ("goal_preds", node(quantifier="SOME"), "SOME"),
        ("goal_preds", node(quantifier=None), "come together"),
        ("goal_preds", node(inputs=[]), "come together"),
        ("goal_preds", node(inputs=[{"name": "X", "expr_type": "unicorn"}]), "unicorn"),
        ("goal_preds", node(inputs=[{"name": "X Y", "expr_type": "ball"}]), "X Y"),
        ("goal_preds", node(inputs=node()["inputs"] * 2), "declared twice"),
        ("goal_preds", node(inputs=["X"]), "not a dictionary"),
        ("goal_preds", node(sub_exprs=[]), "sub_exprs"),
        ("goal_preds", node(sub_exprs=[node()]), "declared twice"),
        ("goal_preds", deep(9), "deep"),
        ("goal_preds", wide(6), "more than 64 predicates"),
        ("subgoals", None, ""),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(field, value, told, write):
    content = Builder().content()
    content["all_eps"][1][field] = value
    path = write(content)
    if field == "subgoals":  # Ours are made anew.
        assert len(list(read_official(path))) == 2
        return
    text = refusal(path, lambda path: list(read_official(path)))
    assert f"episode 1, field '{field}': " in text
    assert told in text


@pytest.mark.parametrize("field", ["instruct_id", "rigid_objs", "goal_preds", "ao_states"])
def test_a_missing_field_is_named(field, write):
    content = Builder().content()
    del content["all_eps"][1][field]
    text = refusal(write(content), lambda path: list(read_official(path)))
    assert f"episode 1, field '{field}': missing" in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({(0, 3): np.nan}, "not finite"),
        ({(1, 1): np.inf}, "not finite"),
        ({(0, 0): 2.0}, "not a rotation"),
        ({(0, 2): -1.0}, "not a rotation"),  # a mirror
        ({(3, 0): 0.5}, "row 0, 0, 0, 1"),
        ({(1, 3): 1e4}, "further than 100 m"),
        ({(1, 3): 3e38}, "further than 100 m"),
        ({(0, 0): 3e38}, "not a rotation"),
    ],
)
def test_a_wrong_matrix_is_named_where_it_is_used(change, told, write):
    content = Builder().content()
    for place, value in change.items():
        content["all_transforms"][(4, *place)] = value
    text = refusal(write(content), lambda path: list(read_official(path)))
    assert "episode 1, field 'all_transforms': that of 056_tennis_ball" in text
    assert told in text
    content["all_eps"].pop()  # Nothing else refers to it.
    assert len(list(read_official(write(content)))) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("all_transforms", np.zeros((3, 3))),
        ("all_transforms", np.zeros((3, 4, 4), int)),
        ("all_transforms", [1]),
        ("idx_to_name", {"0": "x"}),
        ("idx_to_name", {0: 1}),
        ("idx_to_name", {0: "x" * 999}),
        ("all_eps", []),
        ("all_eps", [1]),
        ("all_eps", {}),
    ],
)
def test_a_wrong_frame_of_a_file_is_named(field, value, write):
    text = refusal(write({**Builder().content(), field: value}))
    assert field in text or "episode" in text
