"""What ran: the plan's identity, the agent, versions, renderer and machine, in one file.

``DIR/manifest.json`` is written before the first episode. It carries the task declarations
whole, so that a run can be read and summed up where no simulator is installed.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from .errors import RunDirectoryError
from .files import write_atomically
from .metric import MetricTable
from .protocols import DecodePolicy
from .specs import Benchmark, TaskSpec, canonical_json, digest_of, digest_of_tasks

FORMAT = 1
"""Version of the run directory's format; readers refuse a newer one."""

FILE_NAME = "manifest.json"

RECORDED_PACKAGES = (
    "numpy", "gymnasium", "msgspec", "scipy", "pillow", "mujoco", "metaworld", "minigrid",
    "ale-py", "envpool", "PyQt5-Qt5", "torch", "transformers", "pyrvo", "shapely", "numba",
    "gymnasium-robotics",
)  # fmt: skip
"""Distributions whose version can change a score, recorded where installed."""


class AgentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who played.

    Attributes:
        name: what it was called by.
        path: its class, ``module:Class``.
        dialect: its adapter.
        placement: where it ran: ``evaluator``, ``worker``, or ``remote`` where it was served.
        observations: the fields it asked for; None for each task's own.
        source_digest: SHA-256 of the file its class stands in, and of the fitted adapter that its
            dialect names, if it does; of its weights, where it was trained here; else empty. What
            that file imports, and weights, are not in it.
        on_invalid: what is done with an utterance that means no action: ``fail`` ends the run,
            ``no-op`` does the task's declared no-op in its place, ``resample`` asks again.
        settings: what the agent says of itself that its file does not, such as the model it asks;
            never a secret.
    """

    name: str
    path: str
    dialect: str
    placement: str = "evaluator"
    observations: tuple[str, ...] | None = None
    source_digest: str = ""
    on_invalid: DecodePolicy = "fail"
    settings: Mapping[str, str] = {}


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of ``manifest.json``.

    Attributes:
        format: version of the run directory's format.
        benchmark: what was played.
        benchmark_digest: its digest.
        tasks: the declarations of its tasks, in order.
        agent: who played.
        max_attempts: starts of an episode before it is invalid.
        packages: versions of the packages that can change a score.
        machine: python, system, processor, cores.
        renderers: by family, what drew its pictures (backend, profile, device).
        command: the command line, for whoever repeats it.
        created: UTC time of the first start, ISO 8601.
        metrics: by family, what its further figures mean.
        interpreters: by family whose worlds another Python played, its version and those of its
            packages; ``packages`` and ``machine`` are of the evaluator's own. Left out where there
            is none.
    """

    format: int = FORMAT
    benchmark: Benchmark
    benchmark_digest: str
    tasks: tuple[TaskSpec, ...]
    agent: AgentRecord
    max_attempts: int
    packages: Mapping[str, str] = {}
    machine: Mapping[str, Any] = {}
    renderers: Mapping[str, Mapping[str, str]] = {}
    command: tuple[str, ...] = ()
    created: str = ""
    metrics: Mapping[str, MetricTable] = {}
    interpreters: Mapping[str, Mapping[str, str]] | msgspec.UnsetType = msgspec.UNSET

    def spec(self, task_id: str) -> TaskSpec:
        """The declaration of one of its tasks."""
        return next(task for task in self.tasks if task.id == task_id)

    def metrics_of(self, task_id: str) -> MetricTable | None:
        """What the further figures of a task mean, where its family says so."""
        return self.metrics.get(task_id.partition(".")[0])

    def tasks_digest(self) -> str:
        """SHA-256 over what the tasks declare, and over what their figures mean where that is told.

        What is told of figures came later, and their weights after that; what was declared before
        keeps its digest.
        """
        if not self.metrics:
            return digest_of_tasks(self.tasks)
        metrics = msgspec.to_builtins(self.metrics)
        for table in metrics.values():
            for metric in table["metrics"]:
                if not metric["weight"]:
                    del metric["weight"]
        return digest_of({"tasks": digest_of_tasks(self.tasks), "metrics": metrics})

    @property
    def programme(self) -> tuple[str, str, str]:
        """Benchmark, its digest, and its tasks' digest: runs that share them are comparable."""
        return self.benchmark.id, self.benchmark_digest, self.tasks_digest()

    def identity(self) -> dict[str, str]:
        """The parts that must agree for two runs to be one: resuming compares these."""
        return {
            "benchmark": self.benchmark.id,
            "tasks": ", ".join(self.benchmark.tasks),
            "episodes per task": str(self.benchmark.episodes_per_task),
            "seed": str(self.benchmark.base_seed),
            "task arguments": canonical_json(self.benchmark.task_kwargs).decode(),
            "digest of the benchmark": self.benchmark_digest,
            "digest of the task declarations": self.tasks_digest(),
            "agent": f"{self.agent.name} ({self.agent.path})",
            "agent's source file and adapter": self.agent.source_digest[:12] or "none",
            "agent's settings": canonical_json(self.agent.settings).decode(),
            "dialect": self.agent.dialect,
            "observations": str(self.agent.observations),
            "invalid utterances": self._on_invalid(),
        }

    def _on_invalid(self) -> str:
        """The policy, and what is done in place of an utterance where it is to do nothing."""
        if self.agent.on_invalid != "no-op":
            return self.agent.on_invalid
        actions = dict.fromkeys(canonical_json(task.no_op).decode() for task in self.tasks)
        return f"no-op ({', '.join(actions)})"


def installed_versions(names: Iterable[str] = RECORDED_PACKAGES) -> dict[str, str]:
    """Version of each of the distributions that is installed."""
    versions = {}
    for name in ("polyathlon", *names):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def describe_machine() -> dict[str, Any]:
    """Python, system, processor and cores of this machine; nothing that names its owner."""
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "system": platform.system(),
        "release": platform.release(),
        "processor": platform.machine(),
        "cores": os.cpu_count() or 1,
    }


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Writes ``manifest.json`` beside and renames it into place."""
    write_atomically(directory / FILE_NAME, msgspec.json.format(canonical_json(manifest), indent=1))


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a run directory.

    Raises:
        RunDirectoryError: there is none, it is not one, or it is of a newer format.
    """
    path = directory / FILE_NAME
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RunDirectoryError(
            f"{directory} is not a run: it has no {FILE_NAME} that can be read ({error.strerror})"
        ) from error
    return parse_manifest(raw, str(path))


def parse_manifest(raw: bytes, where: str) -> Manifest:
    """The manifest that some bytes are.

    Args:
        raw: JSON.
        where: the file, for the message.

    Raises:
        RunDirectoryError: they are none, or of a newer format, or contradict themselves.
    """
    try:
        found = msgspec.json.decode(raw)
        format_ = found.get("format", 0) if isinstance(found, dict) else 0
        if isinstance(format_, int) and format_ > FORMAT:
            raise RunDirectoryError(
                f"{where} is of format {format_}, this version reads up to {FORMAT}; "
                "upgrade polyathlon"
            )
        manifest = msgspec.convert(found, Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, RecursionError) as error:
        raise RunDirectoryError(f"{where} is not a manifest: {error}") from error
    if tuple(task.id for task in manifest.tasks) != manifest.benchmark.tasks:
        raise RunDirectoryError(
            f"{where} does not declare the tasks that its benchmark names; restore the file"
        )
    if manifest.benchmark_digest != manifest.benchmark.digest():
        raise RunDirectoryError(
            f"{where} states another benchmark_digest than its benchmark has; restore the file"
        )
    return manifest
