"""Our own submissions hold together, play again, and stand in the order that they should."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyathlon.cli import main
from polyathlon.leaderboard.assembly import build_board
from polyathlon.leaderboard.validation import validate
from polyathlon.leaderboard.verification import beside, read_verification

FOLDER = Path(__file__).resolve().parents[2] / "leaderboard" / "submissions"
FILES = sorted(FOLDER.glob("*.zip"))

LARGEST, LARGEST_TOGETHER = 300_000, 3_000_000
"""[bytes]"""


def test_they_are_small():
    sizes = {path.name: path.stat().st_size for path in FILES}
    assert set(sizes) == {"random.zip", "oracle.zip", "ppo.zip"}
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


def test_they_stand_in_the_order_that_they_should():
    several, learnt = sorted(build_board(FILES).groups, key=lambda group: len(group.rows))
    standing = [
        [(row.submission, row.rank, row.status) for row in group.rows]
        for group in (learnt, several)
    ]
    solvers, ppo, chance = "Scripted solvers", "PPO, 200,000 steps", "Random play"
    assert standing == [
        [(solvers, 1, "verified"), (ppo, 2, "verified"), (chance, 3, "verified")],
        [(solvers, 1, "verified"), (chance, 2, "verified")],
    ]


def test_the_trained_one_names_its_weights():
    (one,) = [source for source in build_board(FILES).sources if source.file == "ppo.zip"]
    assert [file.name.partition("-")[0] for file in one.weights] == ["arrays", "checkpoint.json"]
    assert one.card.parameters > 10_000


def test_runs_that_played_the_same_are_compared(capsys):
    """Of a submission with two runs the one that the other side has; of two shared, the named."""

    def compare(*words):
        with pytest.raises(SystemExit) as ended:
            main(["compare", *words])
        return ended.value.code, capsys.readouterr()

    ppo, chance, solvers = (str(FOLDER / f"{name}.zip") for name in ("ppo", "random", "oracle"))
    code, told = compare(ppo, chance)
    assert (code, "verdict  better" in told.out, "50 pairs" in told.out) == (0, True, True)
    code, told = compare(solvers, chance)
    assert code == 2
    first, _, second = told.err.partition("share custom (")[2].partition("), custom (")
    digests = {first, second.partition(")")[0]}
    assert {len(one) for one in digests} == {12}
    pairs = {compare(solvers, chance, "--benchmark", one)[1].out.count("babyai") for one in digests}
    assert pairs == {1, 3}
