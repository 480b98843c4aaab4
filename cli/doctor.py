"""``polyathlon doctor``: what works on this machine, and what to type where something does not.

Everything that may crash or hang is tried in a throw-away process.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import metadata
from typing import Any

import click
import msgspec

from ..benchmarks.trial import try_out
from ..core.errors import PolyathlonError
from ..core.inquiry import ask
from ..core.specs import Family
from ..tasks import FAMILIES, catalogue, interpreter
from ..tasks.miniwob.binary import BROWSER_REMEDY, VARIABLE, BrowserMissing, find_browser
from ..tasks.rendering import LIBRARIES
from .check import Check
from .habitat_probe import check_habitat
from .machine import MACHINE_CHECKS

FORMAT = 1
"""Version of the ``--json`` output; keys are added without a new one, never changed."""

FAMILY_TIMEOUT = 120.0
"""How long making, resetting and stepping one task may take [s]; a cold disk is slow."""

RENDERER_TIMEOUT = 60.0
"""How long drawing the known picture may take [s]."""

TRIAL = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
try:
    from polyathlon import tasks
    begun = time.perf_counter()
    env = tasks.make(sys.argv[1])
    env.reset(seed=0)
    made = time.perf_counter() - begun
    env.action_space.seed(0)
    env.step(env.action_space.sample())
    answer = {"ok": True, "make_s": round(made, 3)}
    env.close()
except Exception as error:
    answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
print(json.dumps(answer))
"""
"""Makes, resets and steps one task, and says how it went."""

LOADING = """
import ctypes, json, sys

def loads(name):
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True

print(json.dumps({"loads": all(any(map(loads, group.split(","))) for group in sys.argv[1:])}))
"""
"""Says whether of each group of libraries, joined by commas, one can be loaded."""

RENDERER_REMEDIES: Mapping[str, str] = {
    "egl": "apt-get install -y libegl1 libgl1 libgl1-mesa-dri",
    "osmesa": "apt-get install -y libosmesa6",
}


def check_family(name: str) -> Check:
    """Whether a family is installed, and whether one of its tasks makes, resets and steps."""
    try:
        family = FAMILIES[name]
    except Exception as error:
        return _broken_plugin(name, str(error))
    named = interpreter.named_interpreters()
    if name in named and name in catalogue.families():
        return _check_elsewhere(name, named[name])
    if name not in catalogue.families() or not isinstance(family, Family):
        return _broken_plugin(name, "it is not a family of tasks as the catalogue asks for it")
    missing = catalogue.missing_packages(family)
    remedy = _install_command(family)
    if missing:
        return Check(
            group="family",
            name=name,
            state="absent",
            detail=f"not installed: {', '.join(missing)}",
            remedy=remedy,
        )
    if name == "miniwob" and (lacking := _browser_missing()) is not None:
        return lacking
    task = family.tasks[0].id
    answer = ask(["-c", TRIAL, task], FAMILY_TIMEOUT)
    versions = _versions(family.packages)
    told = ", ".join(f"{package} {version}" for package, version in versions.items())
    trouble = answer.trouble or answer.values.get("error", "")
    ok = answer.values.get("ok") is True and not trouble
    return Check(
        group="family",
        name=name,
        state="ok" if ok else "broken",
        detail=f"{told}; {task} " + ("plays" if ok else f"does not play: {_one_line(trouble)}"),
        remedy="" if ok else _remedy(family, trouble),
        seconds=answer.seconds,
        values={"task": task, "packages": versions, **answer.values},
    )


def _check_elsewhere(name: str, python: str) -> Check:
    """Whether the Python that was named for a family plays it."""
    begun, task = time.monotonic(), catalogue.families()[name].tasks[0]
    values: dict[str, Any] = {"task": task.id, "interpreter": python}
    try:
        found = interpreter.examine(interpreter.find_program(python), name)
        try_out(task, interpreters={name: found.path})
        told = f"{task.id} plays on Python {found.python} of its own, {python}"
        values["packages"] = found.packages
    except PolyathlonError as error:
        told = f"the Python named for it does not play it: {_one_line(str(error))}"
    ok = "packages" in values
    return Check(
        group="family",
        name=name,
        state="ok" if ok else "broken",
        detail=told,
        remedy="" if ok else f"polyathlon env remove {name}, or name another",
        seconds=round(time.monotonic() - begun, 3),
        values=values,
    )


def _browser_missing() -> Check | None:
    """What to say where there is no browser for web pages; None where there is one."""
    try:
        find_browser()
    except BrowserMissing as error:
        named = os.environ.get(VARIABLE)
        return Check(
            group="family",
            name="miniwob",
            state="broken" if named else "absent",
            detail=error.trouble,
            remedy=f"unset {VARIABLE}" if named else BROWSER_REMEDY,
        )
    return None


def _remedy(family: Family, trouble: str) -> str:
    """What to type; where only the choice of a renderer is wrong, installing mends nothing."""
    if "BrowserMissing" in trouble:
        return f"{BROWSER_REMEDY}, or name another in {VARIABLE}"
    if "MUJOCO_GL" in trouble and os.environ.get("MUJOCO_GL"):
        return "unset MUJOCO_GL"
    return _reinstall_command(family)


def _broken_plugin(name: str, trouble: str) -> Check:
    owner = FAMILIES.owner(name)
    return Check(
        group="family",
        name=name,
        state="broken",
        detail=f"of the distribution {owner}: {_one_line(trouble)}",
        remedy=f"pip install --upgrade {owner}, or be without it: pip uninstall -y {owner}",
    )


def _install_command(family: Family) -> str:
    owner = FAMILIES.owner(family.name)
    return f'pip install "{owner}[{family.extra}]"' if family.extra else f"pip install {owner}"


def _reinstall_command(family: Family) -> str:
    return _install_command(family).replace("install", "install --force-reinstall", 1)


def _versions(packages: Sequence[str]) -> dict[str, str]:
    """Distribution to version, for each of the import names."""
    owners = metadata.packages_distributions()
    named = [owner for package in packages for owner in owners.get(package.partition(".")[0], ())]
    return {owner: metadata.version(owner) for owner in dict.fromkeys(named)}


def _one_line(text: str) -> str:
    return " ".join(text.split())[:400]


def _which_card(values: Mapping[str, Any]) -> str:
    """Whether a graphics card draws, where there is one."""
    if values.get("card"):
        return f"; card {values['card']}"
    if values.get("fallback"):
        return f"; {values['fallback']}: its driver brings no EGL here (libEGL_nvidia.so.0)"
    return ""


def check_renderer(backend: str) -> Check:
    """Whether MuJoCo draws a known picture through a backend, pixel by pixel."""
    if not _versions(["mujoco"]):
        return Check(
            group="renderer",
            name=backend,
            state="absent",
            detail="not tried: mujoco is not installed",
            remedy='pip install "polyathlon[metaworld]"',
        )
    libraries = [",".join(group) for group in LIBRARIES.get(backend, ())]
    if ask(["-c", LOADING, *libraries], RENDERER_TIMEOUT).values.get("loads") is False:
        return Check(
            group="renderer",
            name=backend,
            state="absent",
            detail=f"not installed: {' and '.join(group.partition(',')[0] for group in libraries)}",
            remedy=RENDERER_REMEDIES[backend],
        )
    answer = ask(
        ["-m", "polyathlon.tasks.rendering_probe", backend],
        RENDERER_TIMEOUT,
        {"MUJOCO_GL": backend},
    )
    ok = answer.values.get("ok") is True
    if ok:
        device = answer.values.get("device", "an unnamed device")
        frame = answer.values.get("frame_ms", answer.values.get("ms", "?"))
        detail = f"draws on {device}, the known pixels are right, {frame} ms a frame of them"
        detail += _which_card(answer.values)
    else:
        trouble = answer.trouble or str(answer.values.get("error", "it gave no reason"))
        detail = f"does not draw: {_one_line(trouble)}"
    return Check(
        group="renderer",
        name=backend,
        state="ok" if ok else "broken",
        detail=detail,
        remedy="" if ok else RENDERER_REMEDIES[backend],
        seconds=answer.seconds,
        values=answer.values,
    )


def examine() -> list[Check]:
    """Every check, in the order in which they are shown."""
    with warnings.catch_warnings():
        # A broken plug-in is a check of its own here, not a warning.
        warnings.simplefilter("ignore")
        catalogue.families()
    asked: list[Callable[[], Check]] = [
        *MACHINE_CHECKS,
        *(partial(check_family, name) for name in FAMILIES),
        *(partial(check_renderer, backend) for backend in RENDERER_REMEDIES),
        check_habitat,
    ]
    # The work is done by child processes; two at a time keep two cores busy.
    with ThreadPoolExecutor(2) as pool:
        return [found.result() for found in [pool.submit(one) for one in asked]]


def verdict(checks: Sequence[Check]) -> bool:
    """Whether everything that is installed works.

    One renderer that draws is enough: the second is a spare. Where none draws, families that
    draw are broken themselves and say so.
    """
    return not any(
        check.group in ("family", "backend") and check.state == "broken" for check in checks
    )


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def doctor_command(as_json: bool) -> None:
    """Try every family and renderer, and say what to type where one does not work.

    Exits with 1 when something that is installed does not work.
    """
    checks = examine()
    ok = verdict(checks)
    if as_json:
        document = {"format": FORMAT, "ok": ok, "checks": checks}
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=1).decode())
    elif sys.stdout.isatty():
        _print_rich(checks)
    else:
        _print_plain(checks)
    if not as_json:
        click.echo(_last_word(checks, ok))
    sys.exit(0 if ok else 1)


def _last_word(checks: Sequence[Check], ok: bool) -> str:
    counts = Counter(check.state for check in checks if check.group == "family")
    told = f"{counts['ok']} families work, {counts['broken']} broken, {counts['absent']} absent"
    drawn = [check.name for check in checks if check.group == "renderer" and check.state == "ok"]
    told += f"; MuJoCo draws through {' and '.join(drawn)}" if drawn else "; MuJoCo cannot draw"
    return told if ok else f"{told}. Something that is installed does not work: see above."


def _print_plain(checks: Sequence[Check]) -> None:
    for check in checks:
        click.echo(f"{check.state:7}{check.group:9} {check.name:10} {check.detail}")
        if check.remedy:
            click.echo(f"{'':27} type: {check.remedy}")


def _print_rich(checks: Sequence[Check]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"ok": "green", "absent": "dim", "warning": "yellow", "broken": "bold red"}
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("", "what", "name", "finding"):
        table.add_column(column)
    for check in checks:
        finding = Text(check.detail)
        if check.remedy:
            finding.append(f"\ntype: {check.remedy}", style="cyan")
        table.add_row(Text(check.state, colours[check.state]), check.group, check.name, finding)
    Console().print(table)
