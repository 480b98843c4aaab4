"""Writes small files in the official layouts of D5RL, for tests of their readers."""

from __future__ import annotations

import contextlib
import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

DICE = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return DICE.uniform(-1, 1, shape).astype(np.float32)


def kitchen_npz(path: Path, rows: int = 6, **more: Any) -> dict[str, Any]:
    """Writes an episode of the standard kitchen."""
    columns = {
        "action": floats(rows, 9),
        "proprio": floats(rows, 9),
        "extra_image_camera_12_rgb": DICE.integers(0, 256, (rows, 4, 4, 3), np.uint8),
        "extra_image_camera_gripper_rgb": DICE.integers(0, 256, (rows, 4, 4, 3), np.uint8),
        "image_128": np.zeros((rows, 2)),
        "metadata_language": np.array(["kettle"] * rows),
        "reward microwave": np.arange(rows, dtype=np.float32) > 2,
        "reward kettle": np.arange(rows, dtype=np.float32) > 3,
        "reward hinge cabinet": np.ones(rows, np.float32),
        "reward": np.full(rows, 9.0, np.float32),
        **more,
    }
    np.savez(path, **{k: v for k, v in columns.items() if v is not None})
    return columns


def kitchen_pickle(path: Path, rows: int = 5, **more: Any) -> dict[str, Any]:
    """Writes an episode of the randomised kitchen."""
    columns = {
        "action": floats(rows, 9),
        "robot_qp": floats(rows, 9),
        "ee_qp": floats(rows, 7),
        "camera_0_rgb": DICE.integers(0, 256, (rows, 4, 4, 3), np.uint8),
        "reward_switch": np.ones(rows),
        "reward_bottomknob": np.ones(rows),
        **more,
    }
    path.write_bytes(pickle.dumps({k: v for k, v in columns.items() if v is not None}))
    return columns


@contextlib.contextmanager
def upstream() -> Iterator[types.ModuleType]:
    """A module with classes that only the writer has, as in the official code."""
    module = types.ModuleType("jaxrl_stand_in")
    for name in ("ReplayBuffer", "Box"):
        setattr(module, name, type(name, (), {"__module__": module.__name__}))
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


def a1_buffer(path: Path, **more: Any) -> dict[str, Any]:
    """Writes a pickled replay buffer of the A1: ten rows, of which eight are filled."""
    columns = {
        "observations": floats(10, 58),
        "next_observations": floats(10, 58),
        "actions": floats(10, 12),
        "rewards": floats(10),
        "masks": np.array([1, 1, 0, 1, 1, 1, 1, 1, 0, 0], np.float32),
        "dones": np.array([0, 0, 1, 0, 0, 1, 0, 0, 0, 0], bool),
        **more,
    }
    with upstream() as classes:
        buffer, space = classes.ReplayBuffer(), classes.Box()
        space.low, space.dtype = -np.ones(3), np.dtype("float32")
        buffer.observation_space, buffer._np_random = space, np.random.RandomState(0)
        buffer.dataset_dict = {key: value for key, value in columns.items() if value is not None}
        buffer.infos = OrderedDict(a=1)
        buffer._size = 8  # Of a capacity of ten.
        path.write_bytes(pickle.dumps(buffer))
    return columns


def widowx(path: Path, **more: Any) -> list[dict[str, Any]]:
    """Writes the list of dicts of a WidowX."""

    def seen() -> dict[str, Any]:
        return {
            "end_effector_pos": floats(3), "right_finger_qpos": floats(1),
            "right_finger_qvel": floats(1), "left_finger_qpos": floats(1),
            "left_finger_qvel": floats(1), "task_id": np.eye(10, dtype=np.float32)[3],
            "pixels": DICE.integers(0, 256, (4, 4, 3, 1), np.uint8),
        }  # fmt: skip

    trajectories = []
    for steps in (3, 2):
        rows = [seen() for _ in range(steps + 1)]
        trajectories.append(
            {
                "observations": rows[:-1],
                "next_observations": rows[1:],
                "actions": list(floats(steps, 7)),
                "rewards": [0.0] * (steps - 1) + [1.0],
                "terminals": [False] * steps,
                **more,
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, trajectories, allow_pickle=True)
    return trajectories


def adroit(path: Path, **more: Any) -> None:
    """Writes the flat file of an Adroit hand."""
    columns = {
        "observations": floats(6, 39), "next_observations": floats(6, 39),
        "actions": floats(6, 28), "rewards": floats(6), "terminals": np.zeros(6, bool),
        "masks": np.ones(6), "timeouts": np.array([0, 0, 1, 0, 0, 1], bool), **more,
    }  # fmt: skip
    with h5py.File(path, "w") as file:
        for name, column in columns.items():
            if column is not None:
                file[name] = column
