"""What a report says of how the run was made, so that somebody else can make it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from .markup import Child, Markup, element
from .view import RunView
from .wording import plural


def record(run: RunView) -> Markup:
    """Command, agent, versions, renderer, machine, digests, and how to replay an episode."""
    manifest = run.manifest
    packages = dict(manifest.packages)
    machine = {name: str(value) for name, value in manifest.machine.items()}
    return element(
        "section",
        element("h2", "How it was made", id="record"),
        element("p", "The same command on the same directory resumes; on a new one it repeats."),
        element("pre", shlex.join(manifest.command)) if manifest.command else None,
        _definitions(
            {
                "Agent": f"{manifest.agent.name} ({manifest.agent.path})",
                "Adapter": manifest.agent.dialect,
                "Ran": f"in the {manifest.agent.placement}",
                "Observations": ", ".join(manifest.agent.observations or ()) or "the task's own",
                "Started": manifest.created or None,
                "Seed": manifest.benchmark.base_seed,
                "Episodes a task": manifest.benchmark.episodes_per_task,
                "Most starts": manifest.max_attempts,
                "Renderer": _renderers(run),
                "Machine": ", ".join(f"{name} {value}" for name, value in machine.items()) or None,
                "Versions": ", ".join(f"{name} {version}" for name, version in packages.items())
                or None,
                "Benchmark": _hash(manifest.benchmark_digest),
                "Episodes": _hash(run.result.episodes_digest),
            }
        ),
        _replay(run),
    )


def _definitions(entries: Mapping[str, Child]) -> Markup:
    pairs = [
        cell
        for name, value in entries.items()
        if value is not None
        for cell in (element("dt", name), element("dd", value))
    ]
    return element("dl", *pairs, class_="record")


def _hash(digest: str) -> Markup:
    return element("span", digest, class_="hash")


def _renderers(run: RunView) -> str | None:
    described = [
        f"{family}: " + ", ".join(f"{name} {value}" for name, value in what.items())
        for family, what in run.manifest.renderers.items()
    ]
    return "; ".join(described) or None


def _replay(run: RunView) -> Markup | None:
    recorded = [one for one in run.played if one.trace is not None]
    if not recorded:
        return None
    plan = recorded[0].plan
    # The last part of the path only: a report travels, the folders above it do not.
    command = shlex.join(
        ["polyathlon", "replay", run.directory.resolve().name, plan.task, str(plan.index)]
    )
    return element(
        "div",
        element("h3", "Play an episode again"),
        element(
            "p",
            f"The actions of {plural(len(recorded), 'episode')} are recorded. This plays one of "
            "them again in the simulator, without the agent, and says whether it matches:",
        ),
        element("pre", command),
    )
