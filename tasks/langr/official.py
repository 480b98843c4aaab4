"""Reads the official episode files of Language Rearrangement.

A file is a pickle of a dictionary: ``all_transforms`` (float32 `[N, 4, 4]`, y up), ``idx_to_name``
(numbers to names) and ``all_eps``, the episodes, which refer to both by number. Everything in it
is checked as if a stranger had made it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument
from ..array_pickle import load_arrays, read_whole
from .assets import ASSETS
from .episode import Episode, Placement, instance_names, instances_of
from .official_goal import read_entities, read_goal, read_start
from .official_pose import FAULTS, convert_transforms
from .official_split import ID, family_of, split_of
from .scenes import layouts as own_layouts
from .vocabulary import OFFICIAL_RECEPTACLES

MOST_EPISODES = 1_000_000
"""In a file; the largest is said to have 150,000."""

MOST_OBJECTS = 256
"""In an episode; there are 54 at most."""

LONGEST_INSTRUCTION = 1000
"""In characters; the longest has 28 words."""

HANDLE = ".object_config.json"
"""What follows an asset's name in the files."""

_SCENE = re.compile(r"(?:[\w.-]+/){0,16}(\w{1,80})\.scene_instance\.json")

T = TypeVar("T")


class OfficialFile:
    """One official file, checked as a whole; its episodes are made when asked for.

    Args:
        path: of the file; named in errors.
        content: what its pickle holds.
        sha256: of the file, in hexadecimal.
        size: of the file [B].

    Raises:
        BadArgument: it is not laid out like an official file, or fits no split.
    """

    def __init__(self, path: Path, content: Any, sha256: str, size: int) -> None:
        self.path, self.sha256, self.size = path, sha256, size
        if not isinstance(content, dict):
            self._refuse("it holds no dictionary")
        for name, kind in (
            ("all_transforms", np.ndarray),
            ("idx_to_name", dict),
            ("all_eps", list),
        ):
            if not isinstance(content.get(name), kind):
                self._refuse(f"'{name}' is missing or not of type {kind.__name__}")
        transforms, self._raw = content["all_transforms"], content["all_eps"]
        if transforms.ndim != 3 or transforms.shape[1:] != (4, 4) or transforms.dtype.kind != "f":
            self._refuse(f"'all_transforms' is {transforms.dtype} of shape {transforms.shape}")
        if not 0 < len(self._raw) <= MOST_EPISODES:
            self._refuse(f"it has {len(self._raw)} episodes, not 1 to {MOST_EPISODES}")
        self._names = self._read_names(content["idx_to_name"])
        self._poses = convert_transforms(np.asarray(transforms))
        self.families = Counter(map(family_of, map(self._instruct_id, range(len(self._raw)))))
        """How many episodes are of each family, without suffixes."""
        try:
            self.split = split_of(self.families)
            """The paper's name of what the file holds."""
        except BadArgument as error:
            self._refuse(str(error))

    def __len__(self) -> int:
        return len(self._raw)

    def __iter__(self) -> Iterator[Episode]:
        return map(self.episode, range(len(self._raw)))

    def episode(self, index: int) -> Episode:
        """An episode in our frame and words.

        Raises:
            BadArgument: something in it is not as it should be; names the field.
        """
        raw = self._raw[index]
        objects = self._objects(index, raw)
        instances = instances_of(tuple(thing.asset for thing in objects))

        def read(field: str, reader: Callable[[Any], T]) -> T:
            try:
                return reader(self._field(index, field))
            except BadArgument as error:
                self._refuse_field(index, field, str(error))

        read("ao_states", _check_closed)
        return Episode(
            id=f"{self.split}-official-{index:06d}",
            split=self.split,
            source="official",
            home=read("scene_id", _read_home),
            instruction=read("instruction", _read_instruction),
            family=self._instruct_id(index),
            goal=read("goal_preds", lambda goal: read_goal(goal, instances)),
            objects=objects,
            start=read("start_preds", read_start),
            entities=read("sampled_entities", read_entities),
        )

    def _objects(self, index: int, raw: Mapping[str, Any]) -> tuple[Placement, ...]:
        pairs = self._pairs(index, "rigid_objs")
        if not 0 < len(pairs) <= MOST_OBJECTS:
            self._refuse_field(index, "rigid_objs", f"{len(pairs)} objects")
        assets, rows = [], []
        for name, row in pairs:
            asset = self._names.get(name, "").removesuffix(HANDLE)
            if asset not in ASSETS:
                told = self._names.get(name, f"number {name}")
                self._refuse_field(index, "rigid_objs", f"'{told}' is no known asset")
            if not 0 <= row < len(self._poses.faults):
                self._refuse_field(index, "rigid_objs", f"there is no transform {row}")
            fault = FAULTS[self._poses.faults[row]]
            if fault:
                self._refuse_field(index, "all_transforms", f"that of {asset} {fault}")
            assets.append(asset)
            rows.append(row)
        supports = self._supports(index)
        instances = instance_names(tuple(assets))
        if supports.keys() != set(instances):
            odd = sorted(supports.keys() ^ set(instances))[0]
            self._refuse_field(index, "name_to_receptacle", f"'{odd}' is in it or there, not both")
        placed = [
            Placement(
                asset=asset,
                position=tuple(self._poses.positions[row].tolist()),
                rotation=tuple(self._poses.rotations[row].tolist()),
                receptacle=supports[instance],
            )
            for asset, row, instance in zip(assets, rows, instances, strict=True)
        ]
        # Instances of an asset keep their order, and with it their names.
        return tuple(sorted(placed, key=lambda thing: thing.asset))

    def _supports(self, index: int) -> dict[str, str]:
        """What each object lies on, by the object's name."""
        found: dict[str, str] = {}
        for number, place in self._pairs(index, "name_to_receptacle"):
            name, receptacle = self._names.get(number, ""), self._names.get(place, "")
            if receptacle not in OFFICIAL_RECEPTACLES or not name or name in found:
                told = f"'{name}' on '{receptacle}'"
                self._refuse_field(
                    index, "name_to_receptacle", f"{told}: unknown, or not the first of that name"
                )
            found[name] = OFFICIAL_RECEPTACLES[receptacle]
        return found

    def _pairs(self, index: int, field: str) -> list[tuple[int, int]]:
        value = self._field(index, field)
        fits = isinstance(value, np.ndarray) and value.dtype.kind in "iu"
        if not fits or value.ndim != 2 or value.shape[1] != 2:
            self._refuse_field(index, field, "not an array [n, 2] of whole numbers")
        if len(value) > MOST_OBJECTS:
            self._refuse_field(index, field, f"{len(value)} rows")
        pairs: NDArray[Any] = value
        return [(first, second) for first, second in pairs.tolist()]

    def _instruct_id(self, index: int) -> str:
        name = self._field(index, "instruct_id")
        if not isinstance(name, str) or not ID.fullmatch(name):
            self._refuse_field(index, "instruct_id", f"{str(name)[:40]!r} is no family's id")
        return name

    def _field(self, index: int, field: str) -> Any:
        raw = self._raw[index]
        if not isinstance(raw, dict):
            self._refuse(f"episode {index} is no dictionary")
        if field not in raw:
            self._refuse_field(index, field, "missing")
        return raw[field]

    def _read_names(self, raw: dict[Any, Any]) -> dict[int, str]:
        for number, name in raw.items():
            if type(number) is not int or not isinstance(name, str) or not name.isprintable():
                self._refuse("'idx_to_name' is not whole numbers to names")
            if len(name) > 200:
                self._refuse("'idx_to_name' has a name of more than 200 characters")
        return raw

    def _refuse_field(self, index: int, field: str, trouble: str) -> NoReturn:
        self._refuse(f"episode {index}, field '{field}': {trouble}")

    def _refuse(self, trouble: str) -> NoReturn:
        told = "".join(letter if letter.isprintable() else "?" for letter in trouble[:600])
        raise BadArgument(
            f"{self.path} is not an official episode file as known here: {told}. "
            "If your copy may be damaged, get it anew"
        )


def read_official(path: Path) -> OfficialFile:
    """Reads one of the official ``datasets/*.pickle``.

    Raises:
        BadArgument: it cannot be read, is hostile or broken, or fits no split.
    """
    data = read_whole(path)
    digest = hashlib.sha256(data).hexdigest()
    return OfficialFile(path, load_arrays(path, data), digest, len(data))


def _read_home(scene: Any) -> str:
    match = _SCENE.fullmatch(scene) if isinstance(scene, str) and len(scene) <= 500 else None
    if match is None:
        raise BadArgument(f"{str(scene)[:80]!r} is no path of a scene")
    if match[1] in own_layouts():
        raise BadArgument(f"'{match[1]}' is a home of this package, not of the official scenes")
    return match[1]


def _read_instruction(text: Any) -> str:
    if not isinstance(text, str) or not text.strip() or not text.isprintable():
        raise BadArgument("not a line of text")
    if len(text) > LONGEST_INSTRUCTION:
        raise BadArgument(f"longer than {LONGEST_INSTRUCTION} characters")
    return text


def _check_closed(states: Any) -> None:
    """All drawers and the fridge are closed, as in every released episode."""
    if not isinstance(states, dict):
        raise BadArgument("not a dictionary")
    for joints in states.values():
        if not isinstance(joints, dict):
            raise BadArgument("not a dictionary of dictionaries")
        if any(type(value) not in (int, float) or value != 0 for value in joints.values()):
            raise BadArgument("a door or drawer is not closed, which no known file has")
