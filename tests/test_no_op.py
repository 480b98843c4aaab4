"""The action that does nothing: declared where there is one, and kept out of every digest."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from polyathlon.core.specs import digest_of_tasks
from polyathlon.tasks import catalogue

DIGESTS = {
    "metaworld.reach-v3": "8ae990ee4f695e679ff82c3dfd1179afc92020df762b6b05ce5b1885fe70a4bc",
    "babyai.go-to-obj-v0": "7e1a95ad01ed7363dad25757d950b438ea58a2e0d4c71c6fa8be8fb080e95e98",
    "atari.pong-v5": "77944cd751c9a6f725ab3cb04a8d278fb5dce0e35607cdcfe6dcd033adea40e2",
    "langr.context-v1": "78345bfe8c855bb90541978e0c9a0e40bc41b89638707d34aa4d65003181e9ab",
}
"""As they were before any task declared a no-op."""


def played(task: str, action: object, steps: int, **kwargs: object) -> list[dict[str, np.ndarray]]:
    env = catalogue.build(catalogue.find(task), **kwargs)
    seen = [env.reset(seed=3)[0]]
    seen += [env.step(action)[0] for _ in range(steps)]
    env.close()
    return seen


def test_every_no_op_is_an_action_of_its_body() -> None:
    for task in catalogue.all_tasks().values():
        body = task.embodiment
        if task.no_op is None:
            assert task.family not in ("metaworld", "atari", "procgen", "babyai"), task.id
        elif body.kind == "discrete":
            assert body.action_names[task.no_op] in ("noop", "done")
        else:
            assert len(task.no_op) == len(body.low)
            assert all(
                np.greater_equal(task.no_op, body.low) & np.less_equal(task.no_op, body.high)
            )


def test_a_grid_world_stands_still() -> None:
    pytest.importorskip("minigrid")
    no_op = catalogue.find("babyai.go-to-obj").no_op
    seen = played("babyai.go-to-obj", no_op, 5, observations=("state",))
    assert all(np.array_equal(one["state"], seen[0]["state"]) for one in seen)


def test_an_arm_holds_its_hand_where_it_is() -> None:
    pytest.importorskip("metaworld")
    zeros = np.array(catalogue.find("metaworld.reach").no_op, np.float32)
    seen = played("metaworld.reach", zeros, 40, observations=("state",))
    moved = played("metaworld.reach", np.eye(4, dtype=np.float32)[0], 40, observations=("state",))
    still = np.linalg.norm(seen[-1]["state"][:3] - seen[0]["state"][:3])
    assert still < 0.01 < np.linalg.norm(moved[-1]["state"][:3] - moved[0]["state"][:3])


@pytest.mark.parametrize("task", sorted(DIGESTS))
def test_digests_of_tasks_are_what_they_were(task: str) -> None:
    spec = catalogue.find(task)
    assert digest_of_tasks([spec]) == DIGESTS[task]
    plain = msgspec.structs.replace(spec, no_op=None)
    assert digest_of_tasks([plain]) == DIGESTS[task]
