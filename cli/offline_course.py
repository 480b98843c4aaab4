"""Which course a learner of recorded episodes takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from ..agents.offline.protocol import PROTOCOLS
from ..agents.offline.protocol import Protocol as Schedule
from ..benchmarks.inventory import take_inventory
from ..core.errors import BadArgument
from ..tasks.dataset.layout import Dataset
from .lesson import CLONING, Lessons, Request


def open_offline(request: Request) -> Lessons:
    """The course of an offline learner, or that which clones what these cannot read.

    Raises:
        BadArgument: there is no data set, or it is damaged or of another body.
    """
    path: Path | None = request.options["dataset"]
    if path is None:
        raise BadArgument(
            f"'{request.learner}' learns from recorded episodes: give it --dataset DIR, which "
            f"polyathlon data make {request.pattern} --out DIR makes"
        )
    protocol, spec = _protocol(request.options), request.spec
    if trouble := take_inventory(path).trouble:
        raise BadArgument(f"{path} is damaged: {trouble}")
    dataset = Dataset(path)
    dataset.demand_body(spec)
    if dataset.task not in ("", spec.id):  # The same body: it may be meant, and may be a slip.
        click.echo(f"note: {path} was recorded in {dataset.task}, not in {spec.id}", err=True)
    vectors = spec.embodiment.kind == "continuous" and "state" in spec.observations
    pictures = "rgb" in dataset.metadata.get("observation_space", "")
    if request.learner == CLONING and (not vectors or pictures):
        from .cloning_course import CloningCourse

        return CloningCourse(request, dataset)
    from .course import Course

    return Course(request.learner, request.changes, spec, dataset, protocol)


def _protocol(options: Mapping[str, Any]) -> Schedule:
    for key, least in {"offline": 1, "online": 0}.items():
        if options[key] is not None and options[key] < least:
            raise BadArgument(f"--{key} is {options[key]}; it must be at least {least}")
    parts = {key: options[key] for key in ("offline", "online") if options[key] is not None}
    if options["steps"] is not None:
        parts = {"offline": options["steps"], "online": 0, **parts}
    return msgspec.structs.replace(PROTOCOLS[options["protocol"]], **parts)
