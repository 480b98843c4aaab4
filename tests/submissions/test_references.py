"""Our own submissions hold together, play again, and stand in the order that they should."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyathlon.cli import main
from polyathlon.leaderboard.board import build_board
from polyathlon.leaderboard.validation import validate
from polyathlon.leaderboard.verification import beside, read_verification

FOLDER = Path(__file__).resolve().parents[2] / "leaderboard" / "submissions"
FILES = sorted(FOLDER.glob("*.zip"))

LARGEST, LARGEST_TOGETHER = 300_000, 3_000_000
"""[bytes]"""


def test_they_are_small():
    sizes = {path.name: path.stat().st_size for path in FILES}
    assert set(sizes) >= {"random.zip", "oracle.zip"}
    assert max(sizes.values()) <= LARGEST
    assert sum(sizes.values()) <= LARGEST_TOGETHER


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_they_play_again(path, tmp_path, capsys):
    """A sample here; ``make references`` plays all of them again."""
    out = tmp_path / "verdict.json"
    words = ["leaderboard", "verify", str(path), "--sample", "3", "--seed", "1", "--out", str(out)]
    with pytest.raises(SystemExit) as ended:
        main(words)
    told = capsys.readouterr().out
    assert ended.value.code == 0, told
    found = read_verification(out)
    assert (found.status, found.checked, found.by_bit) == ("verified", 3, 3)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_of_them_were_played_again(path):
    """The verdict beside each is of these bytes, and of every episode."""
    found = read_verification(beside(path))
    assert found.submission == validate(path).digest
    assert (found.status, found.checked) == ("verified", found.episodes)


def test_the_solvers_lead():
    board = build_board(FILES)
    (group,) = board.groups
    assert [(row.submission, row.rank, row.status) for row in group.rows] == [
        ("Scripted solvers", 1, "verified"),
        ("Random play", 2, "verified"),
    ]
