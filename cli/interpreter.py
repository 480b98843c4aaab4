"""``polyathlon env``: which Python plays a family, where it is not this one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..benchmarks.trial import try_out
from ..core.errors import BadArgument, PolyathlonError, UnknownName
from ..tasks import catalogue, interpreter
from ..tasks.interpreter import BACKENDS, InterpreterUnfit
from ..tasks.langr.habitat import settings


@click.group("env")
def env_group() -> None:
    """Let a family be played by another Python: a virtual or conda environment of its own."""


@env_group.command("add")
@click.argument("family")
@click.option("--python", required=True, help="The interpreter, e.g. ~/envs/sim/bin/python.")
def add_command(family: str, python: str) -> None:
    """Name the Python that plays FAMILY, once it has played a step there.

    The other environment needs this version of polyathlon and the family's packages. FAMILY may
    be habitat, the simulator of langr's backend of that name: it needs habitat-sim and no
    polyathlon.
    """
    if family not in (*catalogue.families(), *BACKENDS):
        raise UnknownName("family", family, [*catalogue.families(), *BACKENDS])
    program = interpreter.find_program(python)
    told = _check_habitat(program) if family in BACKENDS else _check_family(family, program)
    path = interpreter.name_interpreters({**interpreter.named_interpreters(), family: program})
    click.echo(f"{family}: {told}")
    click.echo(f"named in {path}")


@env_group.command("list")
def list_command() -> None:
    """Name the families that have a Python of their own; doctor tries them."""
    named = interpreter.named_interpreters()
    for name, python in sorted(named.items()):
        click.echo(f"{name:16}{python}")
    if not named:
        click.echo("every family is played by this Python; see: polyathlon env add --help")


@env_group.command("remove")
@click.argument("family")
def remove_command(family: str) -> None:
    """Let FAMILY be played by this Python again. The environment itself stays."""
    named = interpreter.named_interpreters()
    if family not in named:
        raise BadArgument(
            f"no Python is named for '{family}'; "
            + (f"there is one for {', '.join(sorted(named))}" if named else "none is named at all")
        )
    del named[family]
    path = interpreter.name_interpreters(named)
    click.echo(f"{family} is played by this Python again; written to {path}")


def _check_family(family: str, program: str) -> str:
    found = interpreter.examine(program, family)
    task = catalogue.families()[family].tasks[0]
    try:
        seconds = try_out(task, interpreters={family: program})
    except PolyathlonError as error:
        raise InterpreterUnfit(f"{program} does not play it: {error}") from None
    return f"{task.id} plays on Python {found.python} in {program} ({seconds:.1f} s)"


def _check_habitat(program: str) -> str:
    """Draws a picture; with assets and episodes there, plays a step in an apartment."""
    with _variable(settings.PYTHON, program):
        gpu = settings.find_gpu(program)
        found = settings.probe(program, gpu)
        if found.trouble or found.values.get("draws") is not True:
            raise InterpreterUnfit(f"{program}: {found.trouble or 'it drew nothing'}")
        if found.values.get("bullet") is not True:
            raise InterpreterUnfit(
                f"the habitat-sim of {program} has no physics. Type: {settings.ADD_PHYSICS}"
            )
        told = f"habitat-sim {found.values.get('habitat_sim')} draws in {program}"
        try:
            settings.find_assets()
        except PolyathlonError as error:
            return f"{told}; no apartment was tried: {str(error).partition(' Type: ')[0]}"
        task = catalogue.families()["langr"].tasks[0]
        kwargs: dict[str, Any] = {"backend": "habitat", "episodes": "official"}
        seconds = try_out(task, kwargs)
        return f"{told}; {task.id} plays there ({seconds:.1f} s)"


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
