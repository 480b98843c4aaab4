"""The words before the first picture: who acts, how, where, seen from where, and to what end.

The skeleton is the paper's (section 4.1); its words for each domain were not published. These are
ours, by body; what a body does not have here is told from its declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from ...core.specs import Embodiment, digest_of
from ..lm.wording import phrases_of

SKELETON = (
    "User:\nAgent: {agent}\nActions: {actions}\nSimulator: {simulator}\nCamera: {camera}\n"
    "Instruction: {instruction}\n\nAgent:"
)

MOST_NAMED = 16
"""Actions up to which a prompt names each."""


class Domain(msgspec.Struct, frozen=True):
    """What is told of a body.

    Attributes:
        agent: what it is.
        simulator: where it lives.
        camera: from where it sees.
        actions: what it does; empty for a list of their names.
    """

    agent: str
    simulator: str
    camera: str
    actions: str = ""


DOMAINS: Mapping[str, Domain] = MappingProxyType(
    {
        "sawyer-xyz": Domain(
            "a Sawyer arm with a gripper", "MuJoCo, Meta-World", "fixed, beside the table",
            "end effector displacement in x, y and z, and gripper effort",
        ),
        "langr-skills": Domain(
            "a home robot assistant", "an apartment", "on the robot's head",
            "pick object, place receptacle, nav receptacle, open and close receptacle",
        ),
        "socialnav": Domain(
            "a wheeled robot among people", "a floor plan", "from above",
            "velocity in x and y",
        ),
        "babyai": Domain("a red triangle in a grid", "MiniGrid, BabyAI", "from above"),
        "procgen": Domain("a player of a video game", "Procgen", "the screen"),
        "atari": Domain("a player of a video game", "Atari", "the screen"),
        "phone": Domain(
            "a user of a phone", "Android", "the screen", "touch, scroll, type, open an app",
        ),
        "screen": Domain("a user of a web page", "a browser", "the page"),
    }
)  # fmt: skip
"""By the id of a body, or its beginning."""


def domain_of(body: Embodiment) -> Domain:
    """What is told of a body: its own words, or what its declaration says."""
    for name, domain in DOMAINS.items():
        if body.id.startswith(name):
            return domain
    return Domain(body.id.replace("-", " "), "a simulator", "its own")


def prompt_of(body: Embodiment, instruction: str) -> str:
    """The prompt of an episode."""
    domain = domain_of(body)
    actions = domain.actions
    if not actions and body.kind == "discrete":
        names = phrases_of(body)
        shown = ", ".join(names[:MOST_NAMED])
        actions = (
            shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"
        )
    if not actions:
        actions = ", ".join(body.action_names) or "commands in writing"
    return SKELETON.format(
        agent=domain.agent, actions=actions, simulator=domain.simulator, camera=domain.camera,
        instruction=instruction,
    )  # fmt: skip


def digest() -> str:
    """SHA-256 of the words: with others it is another agent."""
    return digest_of([SKELETON, MOST_NAMED, msgspec.to_builtins(dict(DOMAINS))])
