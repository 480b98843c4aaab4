"""What ``polyathlon train`` teaches: a name, the course that teaches it, and how long it takes.

A course is all that the trainings of one command have in common. One for another kind of agent is a
module with such a class and a line in ``COURSES``; what it writes is loaded by its line in
``trained.KINDS``.
"""

from __future__ import annotations

import importlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from ..agents.chronicle import Evaluate, Outcome, Watcher
from ..agents.offline import LEARNERS
from ..agents.offline.protocol import PROTOCOLS
from ..agents.offline.protocol import Protocol as Schedule
from ..core.errors import BadArgument, UnknownName
from ..core.specs import TaskSpec
from ..tasks import catalogue
from ..tasks.fleet import BACKENDS
from .evaluate import assignment

LANGUAGE = (
    "llarp",
    "llarp-mini",
    "llarp-7b",
    "lstm-flan",
    "gea",
    "gea-mini",
    "gea-7b",
    "gea-7b-rl",
)
"""Agents with a language model inside, by the names of their configurations."""

ONLINE = "online_course:OnlineCourse"

COURSES = {
    "ppo": ONLINE,
    "sac": ONLINE,
    **dict.fromkeys(LANGUAGE, "language_course:open_language"),
}
"""Name: the class that teaches it, in this room, made with a :class:`Request`."""

CLONING = "bc"
"""Taught by one of two courses: vectors alone by that of the offline learners."""

USUAL_STEPS = {"ppo": 500_000, "sac": 100_000, CLONING: 20_000}
"""Where nobody says; of others 100,000."""

SMOKE = "smoke"
"""The protocol that only shows that all works."""


ONE_PART = ("lite", SMOKE)
"""The protocols of learners whose training has one part only."""


class Request(NamedTuple):
    """What the command line asks for.

    Attributes:
        learner: a name.
        pattern: the tasks, as they were typed.
        changes: hyper-parameters in place of the learner's own.
        schedule: how long and how often.
        options: all other options, by name.
    """

    learner: str
    pattern: str
    changes: Mapping[str, Any]
    schedule: Schedule
    options: Mapping[str, Any]

    @property
    def spec(self) -> TaskSpec:
        """The one task.

        Raises:
            UnknownName: there is none of that name.
        """
        return catalogue.find(self.pattern)

    def refuse_parts(self) -> None:
        """Says that this learner's training has one part only.

        Raises:
            BadArgument: the command line gives lengths of two, or a protocol that has two.
        """
        for name in ("offline", "online"):
            if self.options[name] is not None:
                raise BadArgument(
                    f"--{name} is of learners that have two parts; '{self.learner}' takes --steps"
                )
        if self.options["protocol"] not in ONE_PART:
            raise BadArgument(
                f"--protocol {self.options['protocol']} is of learners that have two parts; "
                f"'{self.learner}' takes {' or '.join(ONE_PART)}, and --steps"
            )


class Lessons(Protocol):
    """What a course has.

    Attributes:
        learner: whom it teaches.
        pattern: what is played, as ``polyathlon eval`` takes it.
        spec: the task, or the first of several.
        protocol: how long and how often.
        unit: what its steps are, in the plural.
        scale: returns that are 0 and 100, or None.
    """

    learner: str
    pattern: str
    spec: TaskSpec
    protocol: Schedule
    unit: str

    @property
    def scale(self) -> tuple[float, float] | None:
        """Returns that are 0 and 100, or None."""

    def run(self, folder: Path, seed: int, evaluate: Evaluate, watcher: Watcher) -> Outcome:
        """Trains with a seed, from where the folder stands to the end."""

    def close(self) -> None:
        """Closes what is open."""


@runtime_checkable
class SharedLessons(Protocol):
    """What a course has as well whose learner several processes can teach together."""

    def follow(self, folder: Path, seed: int) -> None:
        """Takes part in another process's training."""


def open_course(learner: str, pattern: str, options: Mapping[str, Any]) -> Lessons:
    """The course that teaches a learner.

    Raises:
        UnknownName: nobody of that name can be taught.
        BadArgument: an option that makes no sense.
    """
    known = [*COURSES, *LEARNERS]
    if learner not in known:
        raise UnknownName("learner", learner, known, f" There are: {', '.join(known)}")
    changes = {**_settings(options["config"]), **_changes(options)}
    name = COURSES.get(learner, "offline_course:open_offline")
    if options["backend"] != BACKENDS[0] and name != ONLINE:
        raise BadArgument(
            f"--backend {options['backend']} is of ppo and sac; leave it out for '{learner}'"
        )
    module, _, attribute = name.partition(":")
    request = Request(learner, pattern, changes, schedule_of(learner, options), options)
    make = getattr(importlib.import_module(f".{module}", __package__), attribute)
    course: Lessons = make(request)
    return course


def _changes(options: Mapping[str, Any]) -> dict[str, Any]:
    """The hyper-parameters that the command line sets."""
    changes = dict(map(assignment, options["assignments"]))
    if options["obs"] is not None:
        changes["observations"] = [field.strip() for field in options["obs"].split(",")]
    if options["image_size"] is not None:
        changes["image_size"] = options["image_size"]
    return changes


def schedule_of(learner: str, options: Mapping[str, Any]) -> Schedule:
    """How long a learner is taught that has one part only; the protocols are of the others.

    Raises:
        UnknownName: no protocol of that name.
        BadArgument: a length below one.
    """
    name = options["protocol"]
    if name not in PROTOCOLS:
        raise UnknownName("protocol", name, PROTOCOLS, f" There are: {', '.join(PROTOCOLS)}")
    for key in ("steps", "evaluate_every", "episodes"):
        if options[key] is not None and options[key] < 1:
            dashed = key.replace("_", "-")
            raise BadArgument(f"--{dashed} is {options[key]}; it must be at least 1")
    smoke = name == SMOKE
    steps = options["steps"] or (2_000 if smoke else USUAL_STEPS.get(learner, 100_000))
    episodes = options["episodes"] or (2 if smoke else 20)
    return Schedule(
        offline=0 if learner in COURSES else steps,
        online=steps if learner in COURSES else 0,
        evaluate_every=options["evaluate_every"] or max(1, steps // (2 if smoke else 10)),
        episodes=episodes,
        final_episodes=options["episodes"] or (2 if smoke else 50),
        save_every=max(1, steps // 20),
        log_every=max(1, steps // 100),
    )


def _settings(path: Path | None) -> dict[str, Any]:
    """Hyper-parameters from a file, JSON or TOML.

    Raises:
        BadArgument: it cannot be read, or is neither.
    """
    if path is None:
        return {}
    try:
        text = path.read_text()
        found = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        kind = "TOML" if path.suffix == ".toml" else "JSON"
        raise BadArgument(f"{path} is not {kind}: {error}") from error
    if not isinstance(found, dict):
        raise BadArgument(f"{path} must hold hyper-parameters by name")
    return found
