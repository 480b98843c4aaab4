"""Social navigation: a robot is to reach its goal among people, in the plane.

The world is planar: walls, discs for bodies, and crowds that walk by ORCA, by the social force, by
scripts or as they were recorded. Whether people mind the robot is the *track*, an argument of
every task. The crossings here are published protocols, played as their released code plays them.
"""

from __future__ import annotations

from ...core.specs import SENSES, Embodiment, Family, TaskSpec
from .card.task import TASKS as CARDS

CROWDNAV = Embodiment(
    id="crowdnav-holonomic",
    kind="continuous",
    action_names=("vx", "vy"),
    action_units=("m/s", "m/s"),
    frame="world",
    control_hz=4.0,  # time_step 0.25 s (env.config)
    low=(-1.0, -1.0),
    high=(1.0, 1.0),
)
"""CrowdNav's robot: a disc that takes any velocity of up to 1 m/s at once."""

PROTOCOLS: dict[str, tuple[str, int, int]] = {
    "crowdnav-circle": ("Cross a circle against five people.", 500, 97),
    "crowdnav-square": ("Go through five people who cross a square.", 500, 97),
    "crowdnavpp": ("Go through a crowd of twenty.", 250, 197),
}
"""Published protocols: what each is about, its cases, and the step in which time is up."""


def _task(name: str, about: str, cases: int, steps: int) -> TaskSpec:
    return TaskSpec(
        id=f"socialnav.{name}-v1",
        entry_point=f"{__name__}.environment:SocialNavigation",
        embodiment=CROWDNAV,
        instruction=about,
        max_episode_steps=steps,
        kwargs={"scenario": name},
        observations=SENSES,
        default_observations=("state",),
        renderer="mujoco",
        numbered_episodes=cases,
        oracle=f"{__name__}.oracle:make_oracle",
        tags=("socialnav-protocol",),
    )


FAMILY = Family(
    name="socialnav",
    title="Social navigation, a robot among people",
    extra="socialnav",
    packages=("pyrvo", "shapely"),
    tasks=(*(_task(name, *what) for name, what in PROTOCOLS.items()), *CARDS),
    upstream="https://github.com/vita-epfl/CrowdNav",
    metrics=f"{__name__}.assessment:metric_table",
)
"""Published protocols, scenario cards, and crowds of our own."""
