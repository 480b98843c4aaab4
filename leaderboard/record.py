"""What a report says of how the run was made, so that somebody else can make it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from ..core.manifest import Manifest
from ..core.protocols import DecodePolicy
from .listing import definitions
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
    return element(
        "section",
        element("h2", "How it was made", id="record"),
        element("p", "The same command on the same directory resumes; on a new one it repeats."),
        element("pre", shlex.join(manifest.command)) if manifest.command else None,
        definitions(
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
                "Renderer": renderer_words(manifest) or None,
                "Machine": listed(manifest.machine) or None,
                "Versions": listed(manifest.packages) or None,
                "Other Pythons": interpreter_words(manifest) or None,
                "Benchmark": _hash(manifest.benchmark_digest),
                "Episodes": _hash(run.result.episodes_digest),
            }
        ),
        scales(manifest),
        _replay(run),
    )


def scales(manifest: Manifest) -> Markup | None:
    """What maps to 0 and to 1 where returns are scored, so that a score can be checked."""
    scaled = [spec for spec in manifest.tasks if spec.score == "return"]
    if not scaled:
        return None
    entries: dict[str, Child] = {
        spec.id: element("bdi", f"{spec.floor:g} to {spec.ceiling:g}. {spec.reference_source}")
        for spec in scaled
    }
    return element(
        "details",
        element("summary", "Returns that score 0 and 1"),
        definitions(entries),
    )


def _hash(digest: str) -> Markup:
    return element("span", digest, class_="hash")


def listed(values: Mapping[str, object]) -> str:
    """Names and values in a row; empty where there are none."""
    return ", ".join(f"{name} {value}" for name, value in values.items())


def renderer_words(manifest: Manifest) -> str:
    """What drew the pictures of each family; empty where nothing is known of it."""
    return _by_family(manifest.renderers)


def interpreter_words(manifest: Manifest) -> str:
    """The other Pythons that played families, and their packages; empty where there were none."""
    return _by_family(manifest.interpreters or {})


def _by_family(what: Mapping[str, Mapping[str, str]]) -> str:
    return "; ".join(f"{family}: {listed(values)}" for family, values in what.items())


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
