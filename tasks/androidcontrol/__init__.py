"""AndroidControl: recorded courses through the apps of phones, judged step by step.

A course has a goal in words, a screen for each step, and what a person did there. An agent sees a
screen and says what it would do; whatever that is, the next screen is the recorded one. The task,
its splits and its actions are those of Li et al., "On the Effects of Data Scale on UI Control
Agents" (arXiv 2406.03679). Episodes are drawn by this package, or the official ones once imported.
"""

from __future__ import annotations

from ...core.specs import Embodiment, Family, TaskSpec
from .action import FORMS
from .generator import SPLITS

LONGEST_COURSE = 128
"""No recorded course has more steps."""

PHONE = Embodiment(
    id="phone-screen",
    kind="text",
    action_names=tuple(form.partition("(")[0] for form in FORMS),
    frame="none",
)
"""A touch screen that is told commands; places in thousandths of its width and height."""

LEVELS = {
    "high": "Say what to do next on the phone to reach the goal.",
    "low": "Say how to do the next step on the phone.",
}
"""How much is told, and the standing instruction."""


def _task(level: str, split: str) -> TaskSpec:
    name = level if split == "test" else f"{level}-{split}"
    return TaskSpec(
        id=f"androidcontrol.{name}-v1",
        entry_point=f"{__name__}.environment:AndroidControl",
        embodiment=PHONE,
        instruction=LEVELS[level],
        max_episode_steps=LONGEST_COURSE,
        kwargs={"split": split, "level": level},
        observations=("rgb", "instruction", "dom"),
        default_observations=("rgb", "instruction"),
        numbered_episodes=SPLITS[split].size,
        score="return",
        success_rule="end",
        reference_source="step accuracy: 0 where no step is right, 1 where all are",
        oracle=f"{__name__}.oracle:Recorded",
        determinism="platform",
        tags=("ui", f"androidcontrol-{level}"),
    )


FAMILY = Family(
    name="androidcontrol",
    title="AndroidControl, apps on a phone",
    extra="androidcontrol",
    packages=("PIL",),
    tasks=tuple(
        _task(level, split)
        for level in LEVELS
        for split in ("test", *(one for one in SPLITS if one != "test"))
    ),
    upstream="https://github.com/google-research/google-research/tree/master/android_control",
    metrics=f"{__name__}.figure:metric_table",
)
"""Two levels of telling; the test split first, then its parts and what is trained on."""
