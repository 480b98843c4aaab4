"""Language Rearrangement: tidy a home by instruction, with 70 skills and 32 steps.

A robot stands somewhere in an apartment with 34 objects or more. An instruction says what to
bring where, sometimes in so many words, sometimes by appearance, by purpose or by condition. The
task, its skills and its ten axes of generalisation are those of Szot et al., "Large Language
Models as Generalizable Policies for Embodied Tasks" (2023); homes, objects, phrasings and code are
our own.
"""

from __future__ import annotations

from typing import Any

from ...core.specs import Embodiment, Family, TaskSpec
from .vocabulary import SKILL_NAMES

ROBOT = Embodiment(
    id="langr-skills", kind="discrete", action_names=SKILL_NAMES, frame="none", gripper=""
)
"""A mobile manipulator that is told skills; the home waits for it."""

SPLITS: dict[str, tuple[str, tuple[str, ...]]] = {
    "train": ("Do what the instruction of the episode says.", ("train",)),
    "train-validation": ("Do what the instruction says, in a home seen in training.", ("seen",)),
    "scene": ("Do what the instruction says, in an unseen home.", ("eval", "scene")),
    "instruct-rephrasing": ("Follow a rephrased instruction.", ("eval", "paraphrase")),
    "referring-expressions": ("Find an object by its appearance.", ("eval", "paraphrase")),
    "context": ("Find the object that a situation calls for.", ("eval", "paraphrase")),
    "spatial": ("Find a place by its relation to another.", ("eval", "paraphrase")),
    "irrelevant-text": ("Leave aside what does not matter.", ("eval", "paraphrase")),
    "novel-objects": ("Move kinds of objects not named in training.", ("eval", "behaviour")),
    "multiple-rearrange": ("Move three objects.", ("eval", "behaviour")),
    "multiple-objects": ("Move all objects of a kind.", ("eval", "behaviour")),
    "conditional-instructs": ("Act on the state of the fridge.", ("eval", "behaviour")),
}
"""The splits under the paper's names, what each is about, and its groups: ``paraphrase`` are the
five of paraphrastic robustness, ``behaviour`` the four of behaviour generalisation."""


def _task(split: str, about: str, groups: tuple[str, ...]) -> TaskSpec:
    kwargs: dict[str, Any] = {"split": split}
    return TaskSpec(
        id=f"langr.{split}-v1",
        entry_point="polyathlon.tasks.langr.environment:LanguageRearrangement",
        embodiment=ROBOT,
        instruction=about,
        max_episode_steps=32,
        kwargs=kwargs,
        default_observations=("rgb", "instruction"),
        numbered_episodes=150_000 if split == "train" else 100,
        oracle="polyathlon.tasks.langr.oracle:make_oracle",
        renderer="mujoco",
        tags=tuple(f"langr-{group}" for group in groups),
    )


FAMILY = Family(
    name="langr",
    title="Language Rearrangement, a home to tidy",
    extra="langr",
    packages=("mujoco",),
    tasks=tuple(_task(split, about, groups) for split, (about, groups) in SPLITS.items()),
    upstream="https://github.com/apple/ml-llarp",
)
"""Twelve tasks, one a split."""
