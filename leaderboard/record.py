"""What a report says of how the run was made, so that somebody else can make it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from ..core.protocols import DecodePolicy
from .markup import Child, Markup, element
from .view import RunView
from .wording import plural

_ON_INVALID: Mapping[DecodePolicy, str] = {
    "fail": "end the run",
    "no-op": "do nothing: the task's declared no-op is taken in their place",
    "resample": "are asked for again, up to three times; then they end the run",
}


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
                "Utterances without meaning": _ON_INVALID[manifest.agent.on_invalid],
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
                "Other Pythons": "; ".join(
                    f"{family}: {', '.join(f'{name} {one}' for name, one in versions.items())}"
                    for family, versions in (manifest.interpreters or {}).items()
                )
                or None,
                "Benchmark": _hash(manifest.benchmark_digest),
                "Episodes": _hash(run.result.episodes_digest),
            }
        ),
        _scales(run),
        _replay(run),
    )


def _scales(run: RunView) -> Markup | None:
    """What maps to 0 and to 1 where returns are scored, so that a score can be checked."""
    scaled = [spec for spec in run.manifest.tasks if spec.score == "return"]
    if not scaled:
        return None
    entries: dict[str, Child] = {
        spec.id: f"{spec.floor:g} to {spec.ceiling:g}. {spec.reference_source}" for spec in scaled
    }
    return element(
        "details",
        element("summary", "Returns that score 0 and 1"),
        _definitions(entries),
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
    # As it was given: it works where the command above works. The home of whoever made the
    # report is nobody's business, so of an absolute path only the last part is shown.
    directory = run.directory.name if run.directory.is_absolute() else str(run.directory)
    command = shlex.join(["polyathlon", "replay", directory, plan.task, str(plan.index)])
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
