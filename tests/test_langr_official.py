"""The official episode files: what they decode to, how they are kept, and what is refused."""

from __future__ import annotations

import codecs
import copy
import hashlib
import json
import os
import pickle
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument, RunDirectoryError, UnknownName
from polyathlon.tasks import storage
from polyathlon.tasks.array_pickle import load_arrays
from polyathlon.tasks.langr import archive
from polyathlon.tasks.langr.archive import official_episodes, official_layouts
from polyathlon.tasks.langr.episode import Placement
from polyathlon.tasks.langr.expression import Expression, Predicate, parse_predicate
from polyathlon.tasks.langr.home import home_named, receptacle_boxes
from polyathlon.tasks.langr.layout import Pose, replica_layouts, to_habitat
from polyathlon.tasks.langr.official import read_official
from polyathlon.tasks.langr.official_import import import_path, list_stored
from polyathlon.tasks.langr.official_pose import convert_transforms
from polyathlon.tasks.langr.official_split import FAMILIES_OF, family_of
from polyathlon.tasks.langr.planner import plan
from polyathlon.tasks.langr.rules import Rules
from polyathlon.tasks.langr.splits import SPLITS
from polyathlon.tasks.langr.vocabulary import OFFICIAL_RECEPTACLES

REAL = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "langr"

HOME = "v3_sc3_staging_00"
LONG = {ours: theirs for theirs, ours in OFFICIAL_RECEPTACLES.items()}
TURNED = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])  # by 90 degrees about y, which is up
THINGS = [("013_apple", "sink"), ("056_tennis_ball", "Tbl1"), ("056_tennis_ball", "Sofa")]
GOAL = {
    "expr_type": "AND",
    "sub_exprs": [
        "not_holding()",
        {
            "expr_type": "NAND",
            "quantifier": "EXISTS",
            "inputs": [{"name": "X", "expr_type": "ball"}],
            "sub_exprs": [f"on_top(X, {LONG['Tbl1']})"],
        },
    ],
}


class Builder:
    """Makes the content of a small official file."""

    def __init__(self, things=THINGS, home=HOME, family="21e2ce5f_e767a83f", count=2):
        self.names, self.rows = {}, []
        self.layout = replica_layouts()[HOME]
        self.episodes = [self.episode(things, home, family) for _ in range(count)]

    def name(self, text):
        return self.names.setdefault(text, len(self.names))

    def episode(self, things, home, family):
        boxes, counts, rigid, supports = receptacle_boxes(self.layout), Counter(), [], []
        for asset, place in things:
            matrix = np.eye(4, dtype=np.float32)
            matrix[:3, :3] = TURNED
            centre = boxes[place].point(*self.spread(len(self.rows)), 0.0)
            matrix[:3, 3] = to_habitat(*centre)
            rigid.append((self.name(f"{asset}.object_config.json"), len(self.rows)))
            self.rows.append(matrix)
            instance = f"{asset}_:{counts[asset]:04d}"
            counts[asset] += 1
            supports.append((self.name(instance), self.name(LONG[place])))
        return {
            "scene_id": f"data/replica_cad/configs/scenes/{home}.scene_instance.json",
            "ao_states": {self.name("fridge_:0000"): {2: 0.0}},
            "rigid_objs": np.array(rigid),
            "name_to_receptacle": np.array(supports[::-1]),
            "instruction": "Clear the ball from the black table.",
            "sampled_entities": {"target_object_name": "ball", "place": LONG["Tbl1"]},
            "start_preds": ["opened_fridge(fridge_push_point)"],
            "goal_preds": copy.deepcopy(GOAL),
            "instruct_id": family,
            "subgoals": [],
        }

    @staticmethod
    def spread(number):
        """Where on a receptacle the object of that number lies, in parts of its half sides."""
        return (-0.8, 0.8)[number % 2], (-0.8, 0.8)[number // 2 % 2]

    def content(self):
        return {
            "all_transforms": np.array(self.rows),
            "idx_to_name": {number: name for name, number in self.names.items()},
            "all_eps": self.episodes,
        }


@pytest.fixture
def write(tmp_path):
    """Puts content, or bytes, into a file."""

    def put(content, name="some.pickle"):
        path = tmp_path / name
        if not isinstance(content, bytes):
            content = pickle.dumps(content, protocol=4)
        path.write_bytes(content)
        return path

    return put


def refusal(path, reader=read_official):
    """The one line that a file is refused with."""
    with pytest.raises(BadArgument) as caught:
        reader(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


def import_all(path, directory):
    return list(import_path(path, directory))


# --- the real files ------------------------------------------------------------------------

EXPECTED = {
    "train_validation": (
        "train-validation", 15, {35}, (59, 41, 0),
        "f0917e29 29, fd8dd56c 15, 6e3da8a1 15, 42f1b012 15, 311525c5 14, 9a1dd6ee 12",
    ),
    "rephrasing": (
        "instruct-rephrasing", 16, {34}, (60, 40, 0),
        "42f1b012 29, 9a1dd6ee 25, fd8dd56c 16, f0917e29 15, 6e3da8a1 15",
    ),
    "referring_expressions": ("referring-expressions", 6, {34}, (100, 0, 0), "8a66dec9 100"),
    "spatial_relationships": ("spatial", 5, {35}, (100, 0, 0), "93b2ef41 100"),
    "context": ("context", 6, {34}, (100, 0, 0), "21e2ce5f 100"),
    "novel_objects": ("novel-objects", 15, {35}, (100, 0, 0), "42f1b012 53, f0917e29 47"),
    "multiple_objects": ("multiple-rearrange", 1, {35}, (100, 0, 0), "db3119cd 100"),
}  # fmt: skip
"""Of each file at hand: split, homes, objects an episode, goals by form, families."""


@pytest.fixture(params=EXPECTED)
def real(request):
    path = REAL / f"{request.param}.pickle"
    if not path.is_file():
        pytest.skip("the official files are not at hand")
    return path


def test_a_real_file_decodes_to_the_known_counts(real):
    split, homes, objects, forms, families = EXPECTED[real.stem]
    file = read_official(real)
    episodes = list(file)
    assert (file.split, len(file), len(episodes)) == (split, 100, 100)
    assert len({episode.home for episode in episodes}) == homes
    assert {len(episode.objects) for episode in episodes} == objects
    quantifiers = Counter(episode.goal.quantifier for episode in episodes)
    assert (quantifiers["EXISTS"], quantifiers[None], quantifiers["FORALL"]) == forms
    counted = Counter(family_of(episode.family) for episode in episodes)
    assert counted == {
        family: int(count) for family, count in (one.split() for one in families.split(", "))
    }
    assert SPLITS[split].official == real.stem
    assert {episode.split for episode in episodes} == {split}
    assert len({episode.id for episode in episodes}) == 100


def test_objects_of_a_real_file_lie_in_what_they_lie_on(real):
    pytest.importorskip("scipy")
    from polyathlon.tasks.langr.home import home_named

    outside = [
        (episode.id, thing.asset)
        for episode in read_official(real)
        for thing in episode.objects
        if not home_named(episode.home).receptacles[thing.receptacle].contains(thing.position)
    ]
    assert outside == []


def test_poses_of_a_real_file_are_its_matrices_in_our_axes(real):
    """Against the definition: a matrix of our axes, applied from both sides."""
    matrices = np.asarray(load_arrays(real)["all_transforms"], np.float64)
    poses = convert_transforms(matrices)
    axes = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    assert np.allclose(poses.positions, matrices[:, :3, 3] @ axes.T - [0, 0, 0.12], atol=1e-6)
    w, x, y, z = poses.rotations.T
    ours = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    ).transpose(2, 0, 1)
    assert np.allclose(ours, axes @ matrices[:, :3, :3] @ axes.T, atol=1e-5)
    assert not poses.faults.any()


def test_a_real_file_is_the_same_after_import(real, tmp_path):
    (told,) = import_all(real, tmp_path)
    assert told.notes == ()
    assert told.trouble == ""
    stored = official_episodes(told.name, tmp_path)
    assert list(stored) == list(read_official(real))
    assert stored.about.layouts == ()
    again = tmp_path / "again"
    import_all(real, again)
    for path in (tmp_path / "langr").iterdir():
        assert path.read_bytes() == (again / "langr" / path.name).read_bytes()


# --- what is read --------------------------------------------------------------------------


def test_an_episode_in_our_frame_and_words(write):
    file = read_official(write(Builder().content()))
    assert (file.split, file.families) == ("context", {"21e2ce5f": 2})
    first, second = file
    box = receptacle_boxes(replica_layouts()[HOME])["sink"]
    assert first.objects[0] == Placement(
        asset="013_apple",
        position=pytest.approx(box.point(-0.8, -0.8, 0.0), abs=1e-6),
        rotation=pytest.approx((0.5**0.5, 0, 0, 0.5**0.5), abs=1e-7),
        receptacle="sink",
    )
    assert [thing.receptacle for thing in first.objects] == ["sink", "Tbl1", "Sofa"]
    assert (first.home, first.source, first.family) == (HOME, "official", "21e2ce5f_e767a83f")
    assert first.start == (Predicate("opened_fridge", ("fridge_push_point",)),)
    assert first.entities == {"target_object_name": "ball", "place": "Tbl1"}
    assert first.goal == Expression(
        operator="AND",
        parts=(
            Predicate("not_holding"),
            Expression(
                operator="NAND",
                parts=(parse_predicate("on_top(X, Tbl1)"),),
                quantifier="EXISTS",
                variables=(("X", "ball"),),
            ),
        ),
    )
    assert first.id != second.id


def test_instances_keep_their_names_when_a_file_is_not_sorted(write):
    things = [THINGS[1], THINGS[0], THINGS[2]]
    (first, _) = read_official(write(Builder(things).content()))
    assert [(thing.asset, thing.receptacle) for thing in first.objects] == THINGS


@pytest.mark.parametrize(
    ("protocol", "module"), [(3, b"numpy.core"), (3, b"numpy._core"), (4, None), (5, None)]
)
def test_arrays_of_numpy_1_and_2(protocol, module, write):
    value = {
        "turned": np.arange(6, dtype=">f8").reshape(2, 3).T,
        "scalar": np.float32(3),
        "empty": np.zeros((0, 3), "i2"),
        "bits": np.array([True, False]),
        "plain": [1, -2.5, None, True, b"x", (1, "two", (3,))],
    }
    data = pickle.dumps(value, protocol=protocol)
    if module:  # Later protocols would have the length of the name in them.
        data = data.replace(b"numpy._core.", module + b".").replace(b"numpy.core.", module + b".")
    found = load_arrays(write(data))
    assert found["plain"] == value["plain"]
    for name in ("turned", "scalar", "empty", "bits"):
        assert np.array_equal(found[name], value[name])
        assert found[name].shape == value[name].shape
        assert found[name].dtype.newbyteorder("=") == value[name].dtype.newbyteorder("=")


@pytest.mark.parametrize("split", FAMILIES_OF)
def test_the_families_tell_the_split_whatever_the_name(split, write):
    builder = Builder(count=0)
    builder.episodes = [builder.episode(THINGS, HOME, one) for one in sorted(FAMILIES_OF[split])]
    assert read_official(write(builder.content(), "multiple_objects.pickle")).split == split


def test_families_that_fit_no_split_are_listed(write):
    builder = Builder(count=1)
    builder.episodes.append(builder.episode(THINGS, HOME, "0badf00d"))
    text = refusal(write(builder.content()))
    assert "0badf00d 1" in text
    assert "21e2ce5f 1" in text


def test_the_splits_are_those_that_are_declared():
    assert set(FAMILIES_OF) == set(SPLITS)
    assert len(set(FAMILIES_OF.values())) == len(FAMILIES_OF)
    for split, families in FAMILIES_OF.items():
        assert families == {share.family for share in SPLITS[split].shares}


# --- what is refused: broken files ---------------------------------------------------------

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
        refusal(write(data[:length]))


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


# --- what is refused: hostile files --------------------------------------------------------


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
    refusal(write(program(b"]" * 200_000, b"a" * 199_999)))


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


# --- on disk -------------------------------------------------------------------------------


def test_an_import_can_be_read_by_number(write, tmp_path):
    path = write(Builder(count=5).content())
    (told,) = import_all(path, tmp_path)
    assert told.facts["episodes"] == "5"
    stored, expected = official_episodes("context", tmp_path), list(read_official(path))
    assert len(stored) == 5
    assert [stored[number] for number in (3, 0, -1, np.int64(2))] == [
        expected[number] for number in (3, 0, 4, 2)
    ]
    assert stored[1:3] == expected[1:3]
    assert list(reversed(stored)) == expected[::-1]
    for wrong in (5, -6):
        with pytest.raises(IndexError):
            stored[wrong]
    assert stored.about.source.sha256 == told.facts["sha256"]


def test_another_import_takes_the_place_of_the_first(write, tmp_path):
    import_all(write(Builder(count=2).content()), tmp_path)
    held = official_episodes("context", tmp_path)
    import_all(write(Builder(count=3).content()), tmp_path)
    assert len(official_episodes("context", tmp_path)) == 3
    assert len(list((tmp_path / "langr").iterdir())) == 2
    assert len(list(held)) == 2  # whoever reads goes on reading what was there


def test_splits_with_like_names_do_not_take_each_others_place(write, tmp_path):
    for split in ("train-validation", "train"):
        builder = Builder(count=0)
        builder.episodes = [builder.episode(THINGS, HOME, one) for one in FAMILIES_OF[split]]
        import_all(write(builder.content()), tmp_path)
    for split in ("train-validation", "train"):
        assert len(official_episodes(split, tmp_path)) == len(FAMILIES_OF[split])


def test_what_was_not_imported_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    with pytest.raises(BadArgument, match="type: polyathlon data import langr") as caught:
        official_episodes("context")
    assert "\n" not in str(caught.value)
    with pytest.raises(UnknownName, match="Did you mean 'context'"):
        official_episodes("contxt")


def test_the_tasks_find_the_episodes(write, tmp_path, monkeypatch):
    from polyathlon.tasks.langr.library import Library

    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    path = write(Builder().content())
    import_all(path, storage.data_directory())
    library = Library("context", "official")
    assert list(library) == list(read_official(path))
    origin = library.origin
    import_all(write(Builder().content(), "renamed.pickle"), storage.data_directory())
    assert Library("context", "official").origin == origin
    folder = tmp_path / "langr"
    forged = (folder / "context.json").read_bytes().replace(b'"terrace"', b'"gallery"')
    (folder / "context.json").write_bytes(forged.replace(b'"homes":{', b'"homes":{"nowhere":1,'))
    assert Library("context", "official").origin != origin


def forge(folder, old, new):
    """Edits the stored episodes by hand, and makes the index fit them."""
    (data,) = folder.glob("context-*.jsonl")
    content = data.read_bytes()
    assert old in content
    altered = content.replace(old, new)
    index = json.loads((folder / "context.json").read_bytes())
    digest = hashlib.sha256(altered).hexdigest()
    index["data"] |= {"sha256": digest, "size": len(altered)}
    index["lengths"] = [len(line) for line in altered.splitlines(keepends=True)]
    data.write_bytes(altered)
    (folder / "context.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"name":"on_top"', b'"name":"levitates"'),
        (b'"arguments":["X","Tbl1"]', b'"arguments":["X"]'),
        (b'"arguments":["X","Tbl1"]', b'"arguments":["X","Mars"]'),
        (b'"arguments":["X","Tbl1"]', b'"arguments":["Y","Tbl1"]'),
        (b'"assets":0', b'"assets":-1'),
        (b'"assets":0', b'"assets":7'),
        (b'"places":[', b'"places":[-1,'),
    ],
)
def test_a_forged_episode_is_one_line(old, new, write, tmp_path):
    import_all(write(Builder().content()), tmp_path)
    forge(tmp_path / "langr", old, new)
    with pytest.raises(BadArgument, match="is damaged") as caught:
        official_episodes("context", tmp_path)[0]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    "shorter gone altered edited empty pipe lengths index index-pipe format elsewhere".split(),
)
def test_damaged_files_are_named(damage, write, tmp_path):
    import_all(write(Builder().content()), tmp_path)
    folder = tmp_path / "langr"
    (data,) = folder.glob("context-*.jsonl")
    index = folder / "context.json"
    if damage == "shorter":
        data.write_bytes(data.read_bytes()[:-5])
    elif damage == "gone":
        data.unlink()
    elif damage == "altered":
        data.write_bytes(data.read_bytes().replace(b"{", b"[", 1))
    elif damage == "edited":
        data.write_bytes(data.read_bytes().replace(b"ball", b"bowl", 1))
    elif damage == "empty":
        data.write_bytes(b"")
        told = json.loads(index.read_bytes())
        told |= {"lengths": [], "data": told["data"] | {"size": 0}}
        index.write_text(json.dumps(told))
    elif damage == "pipe":
        data.unlink()
        os.mkfifo(data)
    elif damage == "lengths":
        told = json.loads(index.read_bytes())
        index.write_text(json.dumps(told | {"lengths": [*told["lengths"], -1, 1]}))
    elif damage == "index-pipe":
        index.unlink()
        os.mkfifo(index)
    elif damage == "index":
        index.write_bytes(index.read_bytes()[:-40])
    elif damage == "format":
        index.write_bytes(index.read_bytes().replace(b'"format":1', b'"format":2'))
    else:
        name = data.name.encode()
        index.write_bytes(index.read_bytes().replace(name, b"../../etc/passwd"))
    with pytest.raises(BadArgument, match=r"polyathlon data import langr|ordinary file") as caught:
        official_episodes("context", tmp_path)[0]
    assert "\n" not in str(caught.value)
    (listed,) = list_stored(tmp_path)
    assert listed.trouble


def test_a_write_that_fails_leaves_nothing(write, tmp_path):
    path = write(Builder().content())
    (tmp_path / "langr" / "context.json").mkdir(parents=True)  # cannot be replaced by a file
    with pytest.raises(RunDirectoryError):
        import_all(path, tmp_path)
    assert os.listdir(tmp_path / "langr") == ["context.json"]
    blocked = write(b"", "blocked")
    with pytest.raises(RunDirectoryError):
        import_all(path, blocked)


def test_a_broken_file_changes_nothing(write, tmp_path):
    import_all(write(Builder().content()), tmp_path)
    before = {path: path.read_bytes() for path in (tmp_path / "langr").iterdir()}
    content = Builder(count=3).content()
    content["all_eps"][2]["instruction"] = None
    (told,) = import_all(write(content), tmp_path)
    assert "episode 2, field 'instruction'" in told.trouble
    assert {path: path.read_bytes() for path in (tmp_path / "langr").iterdir()} == before


# --- homes ---------------------------------------------------------------------------------

ALL_OVER = [
    ("056_tennis_ball", place)
    for place in ("Tbl1", "Tbl2", "TvStnd1", "Sofa", "sink", "counter_left", "counter_right")
    for _ in range(4)
]


def test_a_new_home_is_laid_out(write, tmp_path):
    """Objects all over the furniture of a known home, said to be in one that is not known."""
    builder = Builder(ALL_OVER, home="v3_sc1_staging_07", count=1)
    (told,) = import_all(write(builder.content()), tmp_path)
    assert told.notes == ()
    (found,) = official_layouts(tmp_path).values()
    known = replica_layouts()[HOME]
    assert found.id == "v3_sc1_staging_07"
    for name in ("Tbl1", "Tbl2", "TvStnd1", "Sofa"):
        pose, expected = found.pieces[name], known.pieces[name]
        assert (pose.x, pose.y) == pytest.approx((expected.x, expected.y), abs=0.05)
    assert (found.kitchen.x, found.kitchen.y) == pytest.approx(
        (known.kitchen.x, known.kitchen.y), abs=0.1
    )


def test_a_new_home_with_too_little_in_it_is_named(write, tmp_path):
    builder = Builder(ALL_OVER[1:], home="v3_sc1_staging_07", count=1)
    (told,) = import_all(write(builder.content()), tmp_path)
    assert "v3_sc1_staging_07" in told.trouble
    assert "3 objects lie on Tbl1" in told.trouble
    assert not (tmp_path / "langr").exists()


def test_objects_outside_what_they_lie_on_are_told(write, tmp_path):
    content = Builder().content()
    content["all_transforms"][1, 1, 3] += 0.5
    (told,) = import_all(write(content), tmp_path)
    assert told.trouble == ""
    assert told.notes[0].startswith("1 objects lie outside")
    assert told.notes[1].startswith("episode 0, object 1: 0.")
    assert told.notes[1].endswith(" m outside Tbl1")


# --- where data lives ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"POLYATHLON_DATA": "/data/here"}, "/data/here"),
        ({"POLYATHLON_DATA": "~/here"}, "/home/somebody/here"),
        ({"XDG_DATA_HOME": "/share"}, "/share/polyathlon"),
        ({"XDG_DATA_HOME": "relative"}, "/home/somebody/.local/share/polyathlon"),
        ({"POLYATHLON_DATA": "", "XDG_DATA_HOME": ""}, "/home/somebody/.local/share/polyathlon"),
    ],
)
def test_the_data_directory(variables, expected, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    for name in ("POLYATHLON_DATA", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert storage.data_directory() == Path(expected)
    assert storage.family_directory("langr") == Path(expected) / "langr"
    assert storage.family_directory("langr", Path("/x")) == Path("/x/langr")
    assert archive.FAMILY == "langr"


def test_a_data_directory_of_nobody(monkeypatch):
    monkeypatch.setenv(storage.VARIABLE, "~no-such-person/here")
    with pytest.raises(BadArgument, match="POLYATHLON_DATA is '~no-such-person/here'"):
        storage.data_directory()
