"""The official episode files: what they decode to."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from official_file import HOME, THINGS, Builder, import_all, refusal

from polyathlon.tasks.array_pickle import load_arrays
from polyathlon.tasks.langr.archive import official_episodes
from polyathlon.tasks.langr.episode import Placement
from polyathlon.tasks.langr.expression import Expression, Predicate, parse_predicate
from polyathlon.tasks.langr.home import home_named, receptacle_boxes
from polyathlon.tasks.langr.layout import replica_layouts
from polyathlon.tasks.langr.official import read_official
from polyathlon.tasks.langr.official_pose import convert_transforms
from polyathlon.tasks.langr.official_split import FAMILIES_OF, family_of
from polyathlon.tasks.langr.splits import SPLITS

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "langr"
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
