"""``polyathlon socialnav``: logs of social navigation, ours or another simulator's."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from .. import __version__
from ..core.errors import BadArgument, BadLog
from ..core.files import write_atomically
from ..leaderboard.metric_means import metric_means
from ..leaderboard.result import Estimate
from .table import WHOLE, lay_out

if TYPE_CHECKING:
    from ..tasks.socialnav.log import EpisodeLog

FORMAT = 1
"""Version of the JSON output; keys are added without a new one, never changed."""

BAD = 2
"""Exit code where a file could not be scored."""

SHOWN = (
    "success",
    "human_collisions",
    "wall_collisions",
    "time_to_goal",
    "spl",
    "human_distance_min",
    "psc@0.5",
    "ttc_min",
    "jerk_avg",
)
"""Metrics of which the table has a column for each episode; all are in its second part."""

Values = dict[str, "float | None"]


@click.group("socialnav")
def socialnav_group() -> None:
    """Score logs of social navigation, from here or from any simulator."""


@socialnav_group.command("score", short_help="Compute every metric of LOGS.")
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For machines: all figures.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the JSON to a file, too.")
@click.option(
    "--alone",
    multiple=True,
    type=click.Path(path_type=Path),
    help="The same seed without the robot; once for each of LOGS, in their order.",
)
@click.option(
    "--speeds",
    type=click.Choice(["world", "robot", "positions"]),
    default="world",
    show_default=True,
    help="SocNav3 files: whose frame the robot's speeds are in, or to take them from positions.",
)
@click.option("--human-radius", type=float, help="SocNav3 files: of people [m].")
@click.option("--goal-tolerance", type=float, help="SocNav3 files without one: of the goal [m].")
def score_command(
    logs: tuple[Path, ...],
    as_json: bool,
    out: Path | None,
    alone: tuple[Path, ...],
    **reading: Any,
) -> int:
    """Compute every metric of LOGS: ``.npz`` files of ours, SocNav3 trajectories of anyone.

    A file that cannot be scored is named in one line; the others are scored all the same. Then
    the exit code is 2 and --out is not written: a file with holes would pass for the whole.
    """
    if alone and len(alone) != len(logs):
        raise BadArgument(
            f"{len(alone)} logs without the robot for {len(logs)} with it: give one for each"
        )
    options = {name: value for name, value in reading.items() if value is not None}
    scored, failed = _scored(logs, alone or (None,) * len(logs), options)
    for trouble in failed:
        click.echo(f"polyathlon: {trouble}", err=True)
    document = _document(scored, failed)
    text = msgspec.json.format(msgspec.json.encode(document), indent=1)
    if as_json:
        click.echo(text.decode())
    elif scored:
        _print(document)
    if failed:
        if out is not None:
            click.echo(f"polyathlon: {out} is not written: not every file was scored", err=True)
        return BAD
    if out is not None:
        write_atomically(out, text + b"\n")
        click.echo(f"scores   {out}", err=as_json)
    return 0


@socialnav_group.command("export", short_help="Write LOG as a SocNav3 trajectory.")
@click.argument("log", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
def export_command(log: Path, file: Path) -> None:
    """Write LOG, an ``.npz`` of ours, as the SocNav3 trajectory FILE."""
    from ..tasks.socialnav.socnav3_export import save_socnav3

    save_socnav3(file, _load(log, {}))
    click.echo(f"written  {file}")


@socialnav_group.command("metrics")
@click.option("--json", "as_json", is_flag=True, help="For machines: everything declared.")
@click.option("--markdown", is_flag=True, help="As tables, everything declared.")
def metrics_command(as_json: bool, markdown: bool) -> None:
    """List every metric: its unit, its direction, what it means."""
    if as_json and markdown:
        raise click.UsageError("give one of --json and --markdown")
    declared = _declared()
    if as_json:
        document = {"format": FORMAT, "metrics": declared}
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=1).decode())
        return
    if markdown:
        click.echo("\n".join(_tables()))
        return
    heads = ("metric", "unit", "better", "principles", "title")
    rows = [
        (key, about["unit"], about["better"], " ".join(about["principles"]) or "-", about["title"])
        for key, about in declared.items()
    ]
    for line in lay_out([heads, None, *rows], WHOLE, left=True):
        click.echo(line)


def _tables() -> Iterator[str]:
    """Lines of Markdown: a table a topic."""
    from ..tasks.socialnav.metric import GROUPS

    for topic, metrics in GROUPS.items():
        yield f"### {topic}\n"
        yield "| metric | unit | better | principles | definition | source | null if |"
        yield "|---|---|---|---|---|---|---|"
        for one in metrics:
            cells = (
                f"`{one.key}`",
                one.unit,
                one.better,
                " ".join(one.principles),
                f"{one.title}: {one.formula}",
                one.source,
                one.undefined,
            )
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
        yield ""


def _load(path: Path, options: Mapping[str, Any]) -> EpisodeLog:
    """A log of either kind, told apart by its first bytes."""
    from ..tasks.socialnav.archive import ZIP, load_log
    from ..tasks.socialnav.socnav3 import load_socnav3

    try:
        with path.open("rb") as file:
            packed = file.read(len(ZIP)) == ZIP
    except OSError as error:
        raise BadLog(f"{path}: cannot be read: {error.strerror or error}") from error
    return load_log(path) if packed else load_socnav3(path, **options)


def _scored(
    logs: Sequence[Path], alone: Sequence[Path | None], options: Mapping[str, Any]
) -> tuple[list[tuple[Path, Values]], list[str]]:
    """The figures of each log that could be scored, and a line for each that could not."""
    from ..tasks.socialnav.metric import METRICS, score
    from ..tasks.socialnav.metric.composite import with_successes

    over_successes = tuple(key for key, metric in METRICS.items() if metric.successes)
    scored: list[tuple[Path, Values]] = []
    failed: list[str] = []
    for path, other in zip(logs, alone, strict=True):
        try:
            log = _load(path, options)
            bare = None if other is None else _load(other, options)
        except BadLog as error:
            failed.append(_line(str(error)))
            continue
        try:
            scored.append((path, with_successes(score(log, bare), over_successes)))
        except BadLog as error:
            failed.append(_line(f"{path}: {error}"))
    return scored, failed


def _declared() -> dict[str, dict[str, Any]]:
    from ..tasks.socialnav.metric import METRICS

    fields = ("title", "unit", "better", "principles", "formula", "source", "undefined")
    return {
        key: {name: getattr(metric, name) for name in fields} for key, metric in METRICS.items()
    }


def _document(scored: Sequence[tuple[Path, Values]], failed: Sequence[str]) -> dict[str, Any]:
    from ..tasks.socialnav.metric import METRICS
    from ..tasks.socialnav.metric.composite import COMPOSITES

    shares = {key for key, metric in METRICS.items() if metric.share}
    means = metric_means([values for _, values in scored], shares)
    plain = {key: estimate.value for key, estimate in means.items()}
    return {
        "format": FORMAT,
        "polyathlon": __version__,
        "episodes": [{"file": str(path), "metrics": values} for path, values in scored],
        "means": means,
        "reference_composites": {
            one.key: {"value": one.of(plain), "title": one.title} for one in COMPOSITES
        },
        "failed": list(failed),
        "metrics": _declared(),
    }


def _print(document: Mapping[str, Any]) -> None:
    rows = [
        (str(episode["file"]), *(_figure(episode["metrics"][key]) for key in SHOWN))
        for episode in document["episodes"]
    ]
    for line in lay_out([("log", *SHOWN), None, *rows], WHOLE):
        click.echo(line)
    click.echo()
    units = {key: about["unit"] for key, about in document["metrics"].items()}
    means: dict[str, Estimate] = document["means"]
    lines = [
        (key, str(mean.n), _figure(mean.value), _interval(mean), _unit(units, key))
        for key, mean in means.items()
        if mean.n
    ]
    for line in lay_out([("mean over episodes", "n", "", "95%", "unit"), None, *lines], WHOLE):
        click.echo(line)
    absent = [key for key, mean in means.items() if not mean.n]
    if absent:
        click.echo()
        words = f"not defined in any: {', '.join(absent)}"
        click.echo(textwrap.fill(words, 100, subsequent_indent="  ", break_on_hyphens=False))
    click.echo()
    for key, composite in document["reference_composites"].items():
        click.echo(f"for parity  {key} {_figure(composite['value'])}  ({composite['title']})")


def _unit(units: Mapping[str, str], key: str) -> str:
    from ..tasks.socialnav.metric.composite import SUCCESSES

    unit = units[key.removesuffix(SUCCESSES)]
    return "" if unit == "1" else unit


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _interval(mean: Estimate) -> str:
    return "" if mean.low is None else f"[{_figure(mean.low)}, {_figure(mean.high)}]"


def _line(text: str) -> str:
    """Text of a stranger's file in one line, without what could command a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
