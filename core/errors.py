"""One class per mistake; every message says what is wrong, where, and what to do.

A :class:`PolyathlonError` is something that the person at the keyboard can mend: the front
door prints it as one line and exits with its ``exit_code``, without a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], limit: int = 3) -> str:
    """A ready half-sentence naming the entries of ``known`` nearest to ``name``, or ``""``."""
    folded = {_fold(candidate): candidate for candidate in known}
    near = difflib.get_close_matches(_fold(name), list(folded), n=limit, cutoff=0.55)
    if not near:
        return ""
    return " Did you mean " + " or ".join(f"'{folded[key]}'" for key in near) + "?"


def _fold(name: str) -> str:
    return name.lower().replace("_", "-")


class PolyathlonError(Exception):
    """The root of every error that a user can mend."""

    exit_code = 2


class UnknownName(PolyathlonError, LookupError):
    """A task, agent, adapter or benchmark of that name is not registered."""

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        self.kind, self.name = kind, name
        super().__init__(f"unknown {kind} '{name}'.{did_you_mean(name, known)}{hint}")


class NameClaimedTwice(PolyathlonError):
    """Two distributions, or a plug-in and this package, register the same name."""


class BrokenPlugin(PolyathlonError):
    """A registered object cannot be imported or is not what its room asks for."""


class MissingExtra(PolyathlonError, ImportError):
    """A family's packages are not installed; names the extra that brings them."""

    def __init__(self, family: str, extra: str, package: str, kind: str = "tasks") -> None:
        verb = "need" if kind.endswith("s") else "needs"
        super().__init__(
            f"the {family} {kind} {verb} the package '{package}', which is not installed. "
            f'Type: pip install "polyathlon[{extra}]"'
        )


class BadArgument(PolyathlonError, ValueError):
    """A value that the user gave is outside what the command or task accepts."""


class BadScene(PolyathlonError, ValueError):
    """The start of an episode cannot be: a body in a wall, a goal without a way, no number."""


class BadLog(PolyathlonError, ValueError):
    """An episode log is not what it should be; names the file if there is one, and the field."""


class EmbodimentMismatch(PolyathlonError):
    """Agent and task disagree on the convention of actions (names, units, frame, rate, range)."""


class InvalidAction(PolyathlonError, ValueError):
    """An agent's output is outside its action space, not finite, or of the wrong shape."""


class DecodeError(PolyathlonError, ValueError):
    """An adapter was given an utterance that means no action."""


class AgentFailed(PolyathlonError):
    """The agent's own code raised; carries the traceback of that code."""

    exit_code = 1

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class PolicyFailed(PolyathlonError):
    """A policy's server cannot be reached, refuses, or does not answer as agreed."""

    exit_code = 1


class ClusterFailed(PolyathlonError):
    """The machines of a cluster cannot be reached, do not agree, or die as soon as they start."""

    exit_code = 1


class TrainingDiverged(PolyathlonError):
    """A loss or a weight is no number any more; the last good checkpoint stands."""

    exit_code = 1


class RunDirectoryError(PolyathlonError):
    """A run directory cannot be written, is full, or is not a run directory."""


class PlanMismatch(PolyathlonError):
    """A run directory holds another plan than the one asked for; says the difference."""


class RunLocked(PolyathlonError):
    """Another evaluator is writing to that run directory now."""


class JournalCorrupt(PolyathlonError):
    """A line of the episode journal is not what was written; names the line."""


class SubmissionRefused(PolyathlonError, ValueError):
    """A submission is not what it must be; names the file in it, the place, and what is wrong."""


class WorkerFault(Exception):
    """The infrastructure under one episode failed. Never the agent's fault, never a score.

    Attributes:
        kind: one of ``startup-failed``, ``startup-timeout``, ``env-raised``, ``worker-died``,
            ``step-timeout``, ``episode-timeout``, ``protocol``; of a policy that is served,
            ``policy-lost``, ``policy-timeout``; of a cluster, ``actor-lost``.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.message = kind, message


class BrowserFault(RuntimeError):
    """A browser or one of its pages died, hangs or talks nonsense. Never the agent's fault.

    Not a :class:`PolyathlonError`: there is nothing for the user to mend, the worker is replaced
    and the episode played again.
    """
