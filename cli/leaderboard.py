"""``polyathlon leaderboard``: from runs to submissions that anybody can check, and to one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..core.errors import BadArgument
from .number import RealRange
from .table import WHOLE, headline_words, lay_out

if TYPE_CHECKING:
    from ..core.episode import EpisodeResult
    from ..leaderboard.board import Row
    from ..leaderboard.result import Estimate, Headline
    from ..leaderboard.submission import Card, PackedRun
    from ..leaderboard.validation import Checked

trusted_option = click.option(
    "--trusted",
    type=click.Path(path_type=Path),
    envvar="POLYATHLON_TRUSTED_KEYS",
    show_envvar=True,
    help="JSON of names and public keys that you know.",
)

HEADINGS = ("agent", "rank", "headline", "95%", "n", "coverage", "status")


@click.group("leaderboard")
def leaderboard_group() -> None:
    """Pack runs, check and verify submissions, build a leaderboard."""


@leaderboard_group.command("build")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("leaderboard.json"),
    show_default=True,
    help="A file NAME.json, or the folder of a site.",
)
@click.option(
    "--copies/--no-copies",
    default=True,
    show_default=True,
    help="Put the submissions on the site, for whoever wants to check them.",
)
@click.option("--processes", type=click.IntRange(1), help="That count at once [the cores].")
@trusted_option
def build_command(
    runs: tuple[Path, ...], out: Path, copies: bool, processes: int | None, trusted: Path | None
) -> int:
    """Count RUNS again and rank those that played the same: as JSON, or as a site.

    RUNS are submissions, run directories, or folders of them. What is found in a folder and does
    not hold together is listed with the reason; what is named itself ends the command.
    """
    from ..benchmarks.workers.pool import available_cores
    from ..leaderboard.assembly import build_board
    from ..leaderboard.board import write_board
    from ..leaderboard.signature import read_trusted
    from ..leaderboard.website.build import build_site

    keys = read_trusted(trusted) if trusted else None
    if out.suffix == ".json":
        board = build_board(runs, keys)
        write_board(out, board)
    else:
        count = processes or available_cores()
        board = build_site(runs, out, copies=copies, processes=count, trusted=keys)
    for group in board.groups:
        click.echo(f"{group.benchmark}: {group.title}")
        for line in lay_out([HEADINGS, *map(_cells, group.rows)], WHOLE):
            click.echo(f"  {line}")
        click.echo()
    for one in board.refused:
        click.echo(f"refused  {one.file}: {one.reason}")
    where = f"board    {out}" if out.suffix == ".json" else f"site     {out / 'index.html'}"
    click.echo(where)
    return 0


@leaderboard_group.command("film")
@click.argument("submission", type=click.Path(path_type=Path))
@click.option(
    "--episodes",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="The first so many of each task.",
)
def film_command(submission: Path, episodes: int) -> int:
    """Play the first episodes of each task of SUBMISSION again and film them for its page.

    The pictures lie in SUBMISSION.media, where build finds them. They are the simulator's, never
    the submitter's: an episode that comes out otherwise than it was recorded is not kept.

    Exit codes: 0 all were filmed, 1 some came out otherwise, 2 refused.
    """
    from ..leaderboard import media
    from ..leaderboard.validation import validate

    checked = validate(submission)
    describe(checked)
    folder = media.open_folder_beside(submission, checked.digest)
    kept, differing = 0, 0
    for number, run in enumerate(checked.runs):
        due = [one for one in run.results if one.plan.index < episodes and one.trace is not None]
        for name, matches in _film(run, due, folder / str(number)):
            kept += matches
            differing += not matches
            click.echo(f"  {'filmed ' if matches else 'DIFFERS'}  {name}")
    click.echo(f"filmed   {kept} episodes of {submission} in {folder}")
    return 1 if differing else 0


def _film(run: PackedRun, due: Sequence[EpisodeResult], folder: Path) -> Iterator[tuple[str, bool]]:
    """Films episodes, and removes what came out otherwise than it was recorded."""
    from ..benchmarks.replay import Replayer
    from ..leaderboard.validation import actions_of

    with Replayer(run.manifest) as replayer:
        for one in due:
            name = f"{one.plan.task}-{one.plan.index}"
            found = replayer.play(one, actions_of(run, one), str(folder / name))
            if not found.matches:
                for path in folder.glob(f"{name}.*"):
                    path.unlink()
            yield f"{one.plan.task} #{one.plan.index}", found.matches


@leaderboard_group.command("pack")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", required=True, help="What the board calls the agent.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--card", type=click.Path(path_type=Path), help="JSON with what is to be said of it.")
@click.option(
    "--weights",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file or folder of the agent; only hashes go in. May be repeated.",
)
@click.option("--sign", "key", type=click.Path(path_type=Path), help="Your key, from keygen.")
def pack_command(
    runs: tuple[Path, ...],
    name: str,
    out: Path,
    card: Path | None,
    weights: tuple[Path, ...],
    key: Path | None,
) -> int:
    """Put the evidence of RUNS, all by one agent, into one file that anybody can check."""
    from ..leaderboard.signature import load_key, sign
    from ..leaderboard.submission import pack, pack_run, weigh
    from ..leaderboard.validation import validate_members

    refuse_other_files(out)
    private = load_key(key) if key else None
    files = [file for path in weights for file in weigh(path)]
    members = pack(name, [pack_run(run) for run in runs], _read_card(card), files)
    members = sign(members, private) if private else members
    checked = validate_members(members)  # What would be refused elsewhere is refused here.
    save(out, members)
    describe(checked)
    click.echo(f"packed   {out}")
    return 0


def refuse_other_files(path: Path) -> None:
    """Whatever stands where a submission is to be written must be one, or at least a zip file.

    Raises:
        BadArgument: it is not, or cannot be read.
    """
    if not path.exists():
        return
    try:
        with open(path, "rb") as file:
            begins = file.read(4)
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror}") from error
    if begins != b"PK\3\4":
        raise BadArgument(f"{path} exists and is no zip file; it was left as it is")


def save(path: Path, members: Mapping[str, bytes]) -> None:
    """Writes a submission, whole or not at all."""
    from ..core.files import write_atomically
    from ..leaderboard.archive import write_archive

    write_atomically(path, write_archive(members))


def _read_card(path: Path | None) -> Card:
    from ..leaderboard.submission import Card

    if path is None:
        return Card()
    try:
        return msgspec.json.decode(path.read_bytes(), type=Card)
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadArgument(f"{path} is not a card: {error}; see docs/leaderboard.md") from error


@leaderboard_group.command("validate")
@click.argument("submission", type=click.Path(path_type=Path))
@trusted_option
def validate_command(submission: Path, trusted: Path | None) -> int:
    """Count every figure of SUBMISSION again from its episodes; says what differs.

    Needs no simulator. Exit codes: 0 all of it follows, 2 it is refused.
    """
    from ..leaderboard.signature import read_trusted
    from ..leaderboard.validation import validate

    describe(validate(submission, read_trusted(trusted) if trusted else None))
    click.echo(f"valid    {submission}: every figure follows from its episodes")
    return 0


def describe(checked: Checked) -> None:
    """Says what a submission holds, a line a run, and who signed it."""
    for run in checked.runs:
        result = run.result
        overall = result.overall
        click.echo(
            f"{checked.submission.name} on {result.benchmark}: {overall.n_valid} of {overall.n} "
            f"episodes valid; {headline_words(result)}"
        )
    click.echo(f"{checked.submission.name} is {checked.signer.words}")


def _cells(row: Row) -> tuple[str, ...]:
    head, interval = _figures(row.headline)
    return (
        row.submission or row.agent.name,
        "-" if row.rank is None else str(row.rank),
        head if row.headline.value is None else f"{row.headline.metric} {head}",
        interval,
        str(row.n_valid),
        f"{row.coverage:.0%}",
        row.status,
    )


@leaderboard_group.command("generalist")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--families", help="Comma-separated [all that are registered].")
@click.option("--coverage", type=RealRange(0, 1), default=0.95, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the score as JSON.")
def generalist_command(
    runs: tuple[Path, ...], families: str | None, coverage: float, as_json: bool
) -> int:
    """One figure over all families for RUNS of one agent (directories, submissions).

    Refused where a family was not played, or too few of its episodes are valid.
    """
    from ..leaderboard.evidence import read_evidence
    from ..leaderboard.generalist import generalist_score
    from ..leaderboard.submission import who
    from ..tasks import catalogue

    read = [run for path in runs for run in read_evidence(path)]
    if len({who(run.manifest) for run in read}) > 1:
        raise BadArgument("these runs are of several agents; a generalist is one")
    names = families.split(",") if families else list(catalogue.families())
    found = generalist_score([(run.manifest, run.results) for run in read], names, coverage)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
        return 0
    rows = [
        (one.family, str(one.tasks), f"{one.coverage:.0%}", *_figures(one.score))
        for one in found.families
    ]
    total = ("generalist", str(sum(one.tasks for one in found.families)))
    rows.append((*total, f"{found.coverage:.0%}", *_figures(found.score)))
    for line in lay_out([("family", "tasks", "coverage", "score", "95%"), None, *rows], WHOLE):
        click.echo(line)
    click.echo(f"task set {found.task_set[:12]}: only rows of the same set are comparable")
    return 0


def _figures(one: Estimate | Headline) -> tuple[str, str]:
    value = "-" if one.value is None else f"{one.value:.3f}"
    known = one.low is not None and one.high is not None
    return value, f"[{one.low:.3f}, {one.high:.3f}]" if known else "-"
