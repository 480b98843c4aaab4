"""CrowdNav's and CrowdNav++'s test cases played by reference robots, beside their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from polyathlon.tasks.socialnav import crowdnav, crowdnavpp
from polyathlon.tasks.socialnav.policy import OrcaRobot, PlainForceRobot, Policy
from polyathlon.tasks.socialnav.scenario import make_scenario
from polyathlon.tasks.socialnav.world import World


class Tally(NamedTuple):
    """Outcomes of some episodes: rates, and the mean time of the successes [s]."""

    episodes: int
    success: float
    collision: float
    timeout: float
    time: float


class Row(NamedTuple):
    """A setting, the success, collision and time that are due if any are, and how near is near."""

    scenario: str
    track: str
    robot: str
    due: tuple[float, float, float] | None
    source: str
    rate_within: float = 0.03
    time_within: float = 0.15

    def agrees(self, found: Tally) -> bool:
        """Whether success, collision and time are as near to what is due as they must be."""
        if self.due is None:
            return True
        success, collision, time = self.due
        return (
            abs(found.success - success) <= self.rate_within
            and abs(found.collision - collision) <= self.rate_within
            and abs(found.time - time) <= self.time_within
        )


ROBOTS: dict[str, Policy] = {
    "ORCA": OrcaRobot(),
    "ORCA, safety space 0.15 m": OrcaRobot(0.15),
    "social force A=2 B=1 K=1": PlainForceRobot(),
}
"""The reference robots. The social force is CrowdNav++'s own, not Helbing's."""

CROWDNAV_TARGET = (
    "the target set for this check; upstream's repository holds no log of this baseline to cite"
)
PLUS_LOG = (
    "published: trained_models/SF_no_rand/test/test_00000.pt.log of "
    "Shuijing725/CrowdNav_Prediction_AttnGraph, 500 episodes, which are these 250 cases twice"
)

ROWS = (
    Row("crowdnav-circle", "invisible", "ORCA", (0.43, 0.57, 10.86), CROWDNAV_TARGET),
    Row("crowdnav-circle", "invisible", "ORCA, safety space 0.15 m", None, ""),
    Row("crowdnav-circle", "visible", "ORCA", None, ""),
    Row("crowdnav-square", "invisible", "ORCA", None, ""),
    Row("crowdnav-square", "invisible", "ORCA, safety space 0.15 m", None, ""),
    Row("crowdnav-square", "visible", "ORCA", None, ""),
    Row(
        "crowdnavpp", "invisible", "social force A=2 B=1 K=1", (0.34, 0.64, 19.95), PLUS_LOG,
        rate_within=0.04, time_within=0.5,
    ),
)  # fmt: skip
"""What ``make validate-socialnav`` plays."""

PROTOCOLS = {
    "crowdnav-circle": "5 people, circle of 4 m, dt 0.25 s, time is up at 24 s, seeds 1000 + case, "
    "swept collision with people's previous velocity, goal within 0.3 m",
    "crowdnav-square": "the same in a square of 10 m",
    "crowdnavpp": "20 people on a circle of 8.5 m, replaced on arrival, arena of 12 m, dt 0.25 s, "
    "time is up at 49 s, seeds 1425 + 2 case, collision by places before the step, sight 5 m",
}


def outcomes(row: Row, cases: Iterable[int]) -> list[tuple[str, float]]:
    """What became of each case, ``success``, ``collision`` or ``timeout``, and when [s].

    Time is counted as upstream's evaluations do: up to the end of the last step in CrowdNav, up
    to its start in CrowdNav++.
    """
    scenario, policy = make_scenario(row.scenario), ROBOTS[row.robot]
    plus = row.scenario == "crowdnavpp"
    body, found = scenario.body, []
    assert body is not None
    for case in cases:
        setup = scenario.setup(case, np.random.default_rng(0), body, row.track)
        world = World(setup.crowd, setup.rules)
        world.reset(setup.scene, case)
        policy.reset(world)
        while not (verdict := world.step(policy.velocity(world))).over:
            pass
        name = "success" if verdict.success else "timeout" if verdict.late else "collision"
        found.append((name, world.time - plus * setup.scene.dt))
    return found


def tally(found: list[tuple[str, float]]) -> Tally:
    """Rates and mean time of the successes."""
    count = len(found)
    rates = [sum(name == kind for name, _ in found) / count
             for kind in ("success", "collision", "timeout")]  # fmt: skip
    times = [time for name, time in found if name == "success"]
    return Tally(count, *rates, float(np.mean(times)) if times else float("nan"))


def cases_of(row: Row) -> int:
    """All cases of a row's scenario."""
    return crowdnavpp.CASES if row.scenario == "crowdnavpp" else crowdnav.CASES
