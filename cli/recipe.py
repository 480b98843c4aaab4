"""What ``polyathlon data make`` is asked for, as a recipe for each task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ..benchmarks.making import DEMONSTRATION, Recipe
from ..core.errors import BadArgument
from ..tasks import catalogue
from .evaluate import assignment

USUAL_REFERENCES = 20
"""Episodes for each end of a scale, where nobody says; demonstrations have none."""


def recipes_of(pattern: str, options: Mapping[str, Any]) -> list[Recipe]:
    """A recipe for each task of a pattern that has a solver.

    Args:
        pattern: a task, or as ``catalogue.match`` takes it.
        options: of the command line.

    Raises:
        UnknownName: it fits no task.
        BadArgument: none of several has a solver.
    """
    found = catalogue.match(pattern)
    able = [spec for spec in found if spec.oracle is not None and spec.oracle_solves]
    if len(found) > 1 and len(able) < len(found):
        click.echo(f"{len(found) - len(able)} of {len(found)} tasks have no solver: left out")
    if len(found) > 1 and not able:
        raise BadArgument(f"none of the {len(found)} tasks of '{pattern}' has a solver")
    kept = ("episodes", "tier", "noise", "seed", "keep_failures")
    references = options["references"]
    if references is None:
        references = 0 if options["tier"] == DEMONSTRATION else USUAL_REFERENCES
    fields = [] if options["obs"] is None else options["obs"].split(",")
    kwargs = dict(map(assignment, options["assignments"]))
    if options["image_size"] is not None:
        kwargs["image_size"] = options["image_size"]
    return [
        Recipe(
            task=spec.id,
            references=references,
            task_kwargs=kwargs,
            observations=tuple(field.strip() for field in fields),
            **{name: options[name] for name in kept},
        )
        for spec in (able if len(found) > 1 else found)
    ]
