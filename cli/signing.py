"""``polyathlon leaderboard keygen`` and ``sign``: who vouches for a submission."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from .leaderboard import describe, leaderboard_group, refuse_other_files, save


@leaderboard_group.command("keygen")
@click.argument("key", type=click.Path(path_type=Path))
def keygen_command(key: Path) -> int:
    """Make a pair of Ed25519 keys: KEY, which only you can read, and KEY.pub, for everybody."""
    from ..leaderboard.signature import fingerprint, generate

    public = generate(key)
    known = msgspec.json.encode({"Your Name": public}).decode()
    click.echo(f"private  {key}: keep it; whoever has it signs in your name")
    click.echo(f"public   {key}.pub, fingerprint {fingerprint(public)}")
    click.echo(f"boards   know you by: {known}")
    return 0


@leaderboard_group.command("sign")
@click.argument("submission", type=click.Path(path_type=Path))
@click.option(
    "--key", required=True, type=click.Path(path_type=Path), help="Your key, from keygen."
)
@click.option("--out", type=click.Path(path_type=Path), help="The file to write [SUBMISSION].")
def sign_command(submission: Path, key: Path, out: Path | None) -> int:
    """Sign SUBMISSION: that you packed it, not that it is true. A signature in it is replaced.

    The file becomes another, so that a verdict of before no longer belongs to it: sign, then
    verify.
    """
    from ..leaderboard.signature import load_key, sign
    from ..leaderboard.validation import validate, validate_members

    path = out or submission
    refuse_other_files(path)
    private = load_key(key)
    checked = validate_members(sign(validate(submission).members, private))
    save(path, checked.members)
    describe(checked)
    click.echo(f"signed   {path}")
    return 0
