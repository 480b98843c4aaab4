"""From what a task shows to what a model of another suite was trained on, and back: a small file.

Neither of the other protocols says what a number in an action means, so the file has to: which body
the actions follow once they are mapped is compared with the task's before the first step.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from PIL import Image

from ...core.errors import BadArgument, EmbodimentMismatch
from ...core.protocols import Observation
from ...core.specs import FIELDS, Brief, digest_of
from .setting import PREFIX

VARIABLE = f"{PREFIX}MAPPING"

LARGEST_SIDE = 4096
"""Of a picture that is sent [px]; what is meant to be 224 and is mistyped fills the memory."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands under one of the model's keys.

    Attributes:
        field: of the task's observation.
        take: which of its numbers, in order; None takes all.
    """

    field: Literal["rgb", "depth", "lidar", "state", "instruction", "dom"]
    take: tuple[int, ...] | None = None


class Picture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How pictures are sent: padded with black to a square, then resized bilinearly.

    Attributes:
        size: side [px]; 0 sends them as they are.
    """

    size: int = 224


class Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the model's numbers become an action.

    Attributes:
        body: id of the embodiment whose convention they follow, once mapped.
        key: under which they stand in its answer.
        take: which of the model's dimensions, in order; None takes all.
        scale: multiplied, a number a dimension of the action; None leaves them.
        offset: added after that.
        clip: into the action space; otherwise what is outside is an invalid action.
        execute: so many actions of a chunk are played before the model is asked again.
        formats: what the server must say of its own action, part by part, where it does.
    """

    body: str
    key: str = "actions"
    take: tuple[int, ...] | None = None
    scale: tuple[float, ...] | None = None
    offset: tuple[float, ...] | None = None
    clip: bool = False
    execute: int = 1
    formats: dict[str, str] = {}


class ModelMapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file.

    Attributes:
        name: what the record of a run calls the model.
        revision: which weights these are, in your own words.
        observation: the model's key to a field; dots nest.
        picture: how pictures are sent.
        action: how its numbers become an action.
    """

    name: str
    observation: dict[str, str | Part]
    action: Action
    revision: str = ""
    picture: Picture = Picture()

    @property
    def fields(self) -> tuple[str, ...]:
        """Of the task's observation that are needed, in their usual order."""
        needed = {part.field for part in self.parts().values()}
        return tuple(field for field in FIELDS if field in needed)

    def parts(self) -> Mapping[str, Part]:
        """What stands under each key."""
        return {
            key: msgspec.convert({"field": part}, Part) if isinstance(part, str) else part
            for key, part in self.observation.items()
        }

    def digest(self) -> str:
        """Another mapping makes another agent."""
        return digest_of(self)[:16]

    def check(self, brief: Brief, who: str) -> None:
        """Refuses a task whose actions are not those that the mapping speaks of.

        Raises:
            EmbodimentMismatch: another body, or no plain vector of that many numbers.
        """
        if brief.embodiment.id != self.action.body:
            raise EmbodimentMismatch(
                f"the mapping of {who} makes actions of '{self.action.body}', the task expects "
                f"'{brief.embodiment.id}'"
            )
        space = brief.action_space
        per_dimension = (self.action.take, self.action.scale, self.action.offset)
        wide = next((len(numbers) for numbers in per_dimension if numbers is not None), None)
        if not isinstance(space, spaces.Box) or len(space.shape) != 1:
            raise EmbodimentMismatch(
                f"{who} gives vectors of numbers, the task takes {space!r:.80}"
            )
        if wide is not None and space.shape != (wide,):
            raise EmbodimentMismatch(
                f"the mapping of {who} makes actions of {wide} numbers, the task takes "
                f"{space.shape[0]}"
            )

    def show(self, seen: Observation, instruction: str) -> dict[str, Any]:
        """A task's observation under the model's keys."""
        shown: dict[str, Any] = {}
        for key, part in self.parts().items():
            *outer, last = key.split(".")
            place = shown
            for name in outer:
                place = place.setdefault(name, {})
            value = seen.get(part.field, instruction if part.field == "instruction" else None)
            if value is None:
                raise EmbodimentMismatch(f"'{key}' wants '{part.field}', which the task hides")
            if part.field == "rgb":
                value = resized(np.asarray(value), self.picture.size)
            elif part.take is not None:
                numbers = np.asarray(value)
                if max(part.take) >= len(numbers):
                    raise EmbodimentMismatch(
                        f"'{key}' takes number {max(part.take)} (from 0) of '{part.field}', which "
                        f"has {len(numbers)}"
                    )
                value = np.ascontiguousarray(numbers[list(part.take)])
            place[last] = value
        return shown

    def act(self, numbers: NDArray[Any], space: spaces.Box) -> NDArray[Any]:
        """The action that one row of the model's numbers is.

        Raises:
            EmbodimentMismatch: it has too few of them, or other ones than the file reckons with.
        """
        how = self.action
        if numbers.dtype.kind != "f":
            numbers = numbers.astype(np.float64)  # Whole numbers are scaled by parts of one, too.
        if how.take is not None:
            if max(how.take) >= len(numbers):
                raise EmbodimentMismatch(
                    f"the model gives {len(numbers)} numbers, the mapping takes the {max(how.take)}"
                    ". of them (from 0)"
                )
            numbers = numbers[list(how.take)]
        if numbers.shape != space.shape:
            raise EmbodimentMismatch(
                f"the model gives {len(numbers)} numbers, the task takes {space.shape[0]}: say "
                "which with take"
            )
        if how.scale is not None:
            numbers = numbers * np.asarray(how.scale, numbers.dtype)
        if how.offset is not None:
            numbers = numbers + np.asarray(how.offset, numbers.dtype)
        return np.clip(numbers, space.low, space.high) if how.clip else numbers


def read_mapping(environment: Mapping[str, str] | None = None) -> ModelMapping:
    """The mapping in the file that ``POLYATHLON_REMOTE_MAPPING`` names.

    Raises:
        BadArgument: there is none, or it is none; names the place.
    """
    file = (os.environ if environment is None else environment).get(VARIABLE, "")
    if not file:
        raise BadArgument(
            f"{VARIABLE} names no file: a model of another suite needs a mapping of its keys; "
            "docs/remote.md has one to begin with"
        )
    try:
        found = msgspec.toml.decode(Path(file).read_bytes(), type=ModelMapping)
        found.parts()
    except OSError as error:
        raise BadArgument(f"the mapping {file} cannot be read: {error.strerror}") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadArgument(f"the mapping {file} is none: {error}") from None
    how = found.action
    lengths = {len(x) for x in (how.take, how.scale, how.offset) if x is not None}
    if not found.observation or how.execute < 1 or len(lengths) > 1 or 0 in lengths:
        raise BadArgument(
            f"the mapping {file} needs an observation, execute of at least 1, and take, scale and "
            "offset of one length"
        )
    _check_counts(found, file)
    return found


def _check_counts(found: ModelMapping, file: str) -> None:
    taken = [found.action.take, *(part.take for part in found.parts().values())]
    if found.picture.size < 0 or any(min(take or (0,)) < 0 for take in taken):
        raise BadArgument(f"the mapping {file} counts from 0: neither size nor take is negative")
    if found.picture.size > LARGEST_SIDE:
        raise BadArgument(
            f"the mapping {file} has pictures of {found.picture.size} px; at most {LARGEST_SIDE}"
        )
    for key, part in found.parts().items():
        if part.take is not None and (not part.take or part.field not in ("state", "lidar")):
            raise BadArgument(
                f"the mapping {file} takes {list(part.take)} of '{part.field}' for '{key}'; take "
                "names numbers of state or lidar"
            )
        outer = [other for other in found.observation if key.startswith(f"{other}.")]
        if outer:
            raise BadArgument(
                f"the mapping {file} has '{key}' within '{outer[0]}', which is a value"
            )


def resized(picture: NDArray[Any], size: int) -> NDArray[np.uint8]:
    """A picture uint8 `[H, W, 3]` in a black square of that side; 0 leaves it."""
    if not size or picture.shape[:2] == (size, size):
        return picture
    height, width = picture.shape[:2]
    share = size / max(height, width)
    inner = (max(1, int(width * share)), max(1, int(height * share)))
    small = Image.fromarray(picture).resize(inner, Image.Resampling.BILINEAR)
    square = Image.new("RGB", (size, size))
    square.paste(small, ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return np.asarray(square)
