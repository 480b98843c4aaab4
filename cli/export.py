"""``polyathlon leaderboard export``: figures in the formats of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.errors import BadArgument
from .leaderboard import leaderboard_group

if TYPE_CHECKING:
    from ..leaderboard.evidence import Evidence

FORMATS = ("rliable", "eval-results", "evalai", "lerobot", "csv")


@leaderboard_group.command("export")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "kind", required=True, type=click.Choice(FORMATS))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--benchmark", help="Which run of a submission, by name or digest.")
@click.option("--dataset", help="Of eval-results: the benchmark's dataset on the Hub, owner/name.")
@click.option(
    "--rows",
    type=click.Choice(["episode", "run"]),
    default="episode",
    show_default=True,
    help="Of rliable: what a row is; with 'run', files of one name are one agent's trainings.",
)
def export_command(
    runs: tuple[Path, ...],
    kind: str,
    out: Path,
    benchmark: str | None,
    dataset: str | None,
    rows: str,
) -> int:
    """Write the figures of RUNS (directories, submissions) as other tools read them.

    rliable: matrices of scores, .npz or .json by the name of --out. eval-results: YAML for a model
    on the Hugging Face Hub. evalai: the result list of an evaluation script. lerobot: an
    eval_info.json. csv: a line an episode. Everything is counted again first.
    """
    from ..core.files import write_atomically
    from ..leaderboard.evidence import only_run, read_evidence

    if out.exists():
        raise BadArgument(f"{out} exists; it was left as it is. Give another --out")
    found: list[Evidence] = []
    for path in runs:
        held = read_evidence(path)
        found += [only_run(held, benchmark)] if benchmark else held
    data = _render(kind, found, out, dataset, rows)
    write_atomically(out, data)
    click.echo(f"exported {out}: {len(data):,} bytes of {kind}")
    return 0


def _render(kind: str, found: list[Evidence], out: Path, dataset: str | None, rows: str) -> bytes:
    from ..leaderboard import export
    from ..leaderboard.evidence import only_run

    if kind in ("evalai", "lerobot") and len({one.path for one in found}) > 1:
        raise BadArgument(f"a file of {kind} tells of one submission; give one")
    if kind == "rliable":
        matrices = export.matrices(found, rows)  # type: ignore[arg-type]
        if matrices.left_out:
            click.echo(f"{matrices.left_out} rows with an invalid episode are left out", err=True)
        if out.suffix not in (".npz", ".json"):
            raise BadArgument(f"--out {out}: rliable's matrices go into an .npz or a .json")
        return (export.rliable_npz if out.suffix == ".npz" else export.rliable_json)(matrices)
    if kind == "eval-results":
        if not dataset:
            raise BadArgument("eval-results name a benchmark's dataset: give --dataset owner/name")
        return export.eval_results(found, dataset)
    if kind == "evalai":
        return export.evalai(found)
    if kind == "lerobot":
        return export.lerobot(only_run(found))
    return export.table(found)
