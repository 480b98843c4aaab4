"""To play a card through with a robot that knows the world, and keep the log."""

from __future__ import annotations

from ..log import EpisodeLog
from ..policy import Policy
from ..robot import BODIES, Body
from ..world import World
from .declaration import Card


def play(
    card: Card,
    policy: Policy,
    seed: int,
    body: Body = BODIES["omni"],
    track: str = "visible",
    split: str = "test",
) -> EpisodeLog:
    """One episode, from its start to its end.

    Args:
        card: what is played.
        policy: the robot's.
        seed: of the episode.
        body: a holonomic robot.
        track: whether people mind the robot.
        split: ``train``, ``dev`` or ``test``.
    """
    setup = card.setup(seed, body, track, split)
    world = World(setup.crowd, setup.rules)
    world.reset(setup.scene, seed)
    policy.reset(world)
    while world.verdict is None or not world.verdict.over:
        world.step(policy.velocity(world))
    return world.log()
