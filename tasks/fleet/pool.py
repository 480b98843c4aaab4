"""Worlds of EnvPool (github.com/sail-sg/envpool), which has some of our tasks in C++.

A translation says, for a family, how EnvPool is asked for a task and how what it shows becomes what
the task shows. In what the two still differ stands in ``differences``, is told by the tests, and is
kept with whatever learnt from it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ...core.errors import BadArgument, MissingExtra
from ...core.specs import TaskSpec
from ...core.worlds import Seen, Steps
from .. import catalogue, metaworld, procgen
from ..qt_libraries import preload_qt


class Translation(NamedTuple):
    """How a task is played in EnvPool.

    Attributes:
        name: EnvPool's id of it.
        options: what EnvPool is told.
        fields: of an observation that it can show.
        read: fields of all worlds, from what EnvPool shows and tells.
        won: `[N]`: whether the task is done, from what EnvPool tells, the rewards, and where
            episodes ended.
        differences: from the task's own environment, in words.
    """

    name: str
    options: Mapping[str, Any]
    fields: tuple[str, ...]
    read: Callable[[Any, Mapping[str, Any]], dict[str, Any]]
    won: Callable[[Mapping[str, Any], NDArray[Any], NDArray[np.bool_]], NDArray[np.bool_]]
    differences: tuple[str, ...] = ()


class PooledWorlds:
    """Worlds of a task in EnvPool, stepped by its own threads.

    Args:
        spec: the task.
        count: how many.
        seed: of their episodes.
        kwargs: arguments of the task: ``observations``, and ``image_size`` where it can be chosen.

    Raises:
        BadArgument: EnvPool does not have the task, or not with these arguments.
        MissingExtra: EnvPool is not installed.
    """

    def __init__(self, spec: TaskSpec, count: int, seed: int, kwargs: Mapping[str, Any]) -> None:
        self.count, self._words = count, spec.instruction
        self._as = translation(spec)
        wanted = tuple(kwargs.get("observations", self._as.fields))
        foreign = [field for field in wanted if field not in self._as.fields]
        others = [name for name in kwargs if name != "observations"]
        if foreign or others:
            what = f"observation '{foreign[0]}'" if foreign else f"argument '{others[0]}'"
            raise BadArgument(
                f"EnvPool plays {spec.id} with {', '.join(self._as.fields)} and nothing else; the "
                f"{what} needs --backend gymnasium"
            )
        self._fields = wanted
        env = catalogue.build(spec, observations=wanted)
        assert isinstance(env.observation_space, spaces.Dict)
        self.observation_space, self.action_space = env.observation_space, env.action_space
        env.close()
        self._pool = _envpool(spec.family).make(
            self._as.name, env_type="gymnasium", num_envs=count, seed=seed % 2**31,
            **self._as.options,
        )  # fmt: skip

    def reset(self) -> Seen:
        """Begins an episode in each."""
        return self._read(*self._pool.reset())

    def _read(self, raw: Any, info: Mapping[str, Any]) -> dict[str, Any]:
        seen = self._as.read(raw, info)
        if "instruction" in self._fields and "instruction" not in seen:
            seen["instruction"] = [self._words] * len(info["env_id"])
        return {name: seen[name] for name in self._fields}

    def step(self, actions: Sequence[Any]) -> Steps:
        """Does an action in each, and begins the next episode where one ended."""
        kind = np.int32 if isinstance(self.action_space, spaces.Discrete) else np.float32
        raw, rewards, ends, cuts, info = self._pool.step(np.asarray(actions, kind))
        seen, over = self._read(raw, info), ends | cuts
        won = self._as.won(info, rewards, over)
        last: dict[int, Mapping[str, Any]] = {}
        if over.any():
            places = np.flatnonzero(over).tolist()
            last = {place: {name: seen[name][place] for name in seen} for place in places}
            fresh = self._read(*self._pool.reset(options={"reset_mask": over}))
            seen = {name: _merged(seen[name], fresh[name], places) for name in seen}
        # Rewards are float32 there; their decimals are meant, not their nearest float32.
        told = np.round(np.asarray(rewards, np.float64), 6).astype(np.float32)
        return Steps(seen, told, np.array(ends), cuts & ~ends, won, last)

    def close(self) -> None:
        """Ends the pool and its threads."""
        self._pool.close()


def _merged(seen: Any, fresh: Any, places: Sequence[int]) -> Any:
    """What is shown, with the beginnings of new episodes at their places."""
    merged = list(seen) if isinstance(seen, list) else seen.copy()
    for place, one in zip(places, fresh, strict=True):
        merged[place] = one
    return merged


def translation(spec: TaskSpec) -> Translation:
    """How a task is played in EnvPool.

    Raises:
        BadArgument: EnvPool does not have it.
    """
    if spec.family not in _TRANSLATIONS:
        raise BadArgument(
            f"EnvPool does not have {spec.id}; --backend envpool plays {', '.join(_TRANSLATIONS)}"
        )
    return _TRANSLATIONS[spec.family](spec)


def _procgen(spec: TaskSpec) -> Translation:
    game, distribution = spec.kwargs["game"], spec.kwargs["distribution"]
    levels = procgen.SPLITS[spec.kwargs["split"]]
    return Translation(
        name=f"{game.capitalize()}{distribution.capitalize()}-v0",
        options={"start_level": levels.start, "num_levels": len(levels)},
        fields=("rgb", "instruction"),
        read=lambda raw, _: {"rgb": np.asarray(raw).transpose(0, 2, 3, 1)},
        won=lambda info, _, over: over & (np.asarray(info["prev_level_complete"]) > 0),
        differences=(
            "the levels of a split are drawn by the game's own dice, not by the task's seed",
        ),
    )


def _babyai(spec: TaskSpec) -> Translation:
    return Translation(
        name=f"BabyAI-{spec.kwargs['level']}",
        options={},
        fields=("state", "instruction"),
        read=_read_grid,
        won=lambda _, rewards, over: over & (rewards > 0),
        differences=("grids and missions are drawn by other dice: the same seed is another grid",),
    )


def _read_grid(raw: Mapping[str, NDArray[Any]], _: Mapping[str, Any]) -> dict[str, Any]:
    cells = np.asarray(raw["image"], np.float32).reshape(len(raw["image"]), -1)
    heading = np.eye(4, dtype=np.float32)[np.asarray(raw["direction"])]
    words = [bytes(one).rstrip(b"\0").decode() for one in np.asarray(raw["mission"], np.uint8)]
    return {"state": np.concatenate([cells, heading], 1), "instruction": words}


def _metaworld(spec: TaskSpec) -> Translation:
    name, version = spec.kwargs["task"].rsplit("-", 1)
    camel = "".join(word.capitalize() for word in name.split("-"))
    assert spec.max_episode_steps == metaworld.HORIZON
    return Translation(
        name=f"MetaWorld/{camel}-{version}",
        options={"partially_observable": False, "max_episode_steps": metaworld.HORIZON},
        fields=("state", "instruction"),
        read=lambda raw, _: {"state": np.asarray(raw, np.float32)},
        won=lambda info, _, __: np.asarray(info["success"]) > 0,
        differences=(
            "start states are drawn by other dice: the same seed is another start",
            "an object at rest, or a goal on it, lies up to 0.3 mm off, turned by up to 0.005 of a "
            "quaternion",
        ),
    )


def _atari(spec: TaskSpec) -> Translation:
    from .. import atari

    words = "".join(word.capitalize() for word in spec.kwargs["game"].split("_"))
    return Translation(
        name=f"{words}-v5",
        options={
            "stack_num": 1, "gray_scale": False, "img_height": 210, "img_width": 160,
            "frame_skip": atari.FRAME_SKIP, "full_action_space": True, "noop_max": 1,
            "repeat_action_probability": atari.REPEAT_ACTION_PROBABILITY, "episodic_life": False,
            "use_fire_reset": False, "max_episode_steps": atari.MAX_FRAMES // atari.FRAME_SKIP,
        },
        fields=("rgb", "state", "instruction"),
        read=lambda raw, info: {
            "rgb": np.asarray(raw).transpose(0, 2, 3, 1),
            "state": np.asarray(info["ram"], np.float32),
        },
        won=lambda _, rewards, __: np.zeros(len(rewards), bool),
        differences=(
            "a picture is the greater of the last two frames, pixel by pixel",
            "an episode begins with a frame in which nothing is done",
            "when actions stick is drawn by the console's own dice",
            "no episode is said to be won",
        ),
    )  # fmt: skip


_TRANSLATIONS: Mapping[str, Callable[[TaskSpec], Translation]] = {
    "procgen": _procgen,
    "babyai": _babyai,
    "metaworld": _metaworld,
    "atari": _atari,
}
"""The families that EnvPool has."""


def _envpool(family: str) -> Any:
    """EnvPool, with the libraries loaded that its Procgen needs.

    Raises:
        MissingExtra: it is not installed, or those are not.
    """
    if family == "procgen":
        return procgen.import_envpool()
    with contextlib.suppress(OSError):
        preload_qt()  # Whoever imports EnvPool without them never gets its Procgen.
    try:
        import envpool
    except ModuleNotFoundError as error:
        raise MissingExtra(family, "procgen", error.name or "envpool") from error
    return envpool
