"""``make proof``: what takes too long for ``make test``; its figures stand in the docs.

    python tests/proofs langr-oracle --episodes 1000
    python tests/proofs langr-train --first 0 --count 150000 --processes 2
    python tests/proofs langr-random --episodes 1000
    python tests/proofs socialnav
    python tests/proofs adapters --width 128 --updates 1000
    python tests/proofs socialnav-cards --episodes 540
    python tests/proofs a1 --episodes 10
    python tests/proofs learners --seeds 3
    python tests/proofs submission-flips --tries 1000
    python tests/proofs comparisons --tries 2000
    python tests/proofs submission-replays --episodes 3

Each prints a table; shares with 95% Wilson intervals.
"""

from __future__ import annotations

import argparse
import collections
from collections.abc import Sequence

import numpy as np
from cards import CARDS, COLUMNS, Shown, shown
from crossings import PROTOCOLS, ROWS, cases_of, outcomes, tally
from playing import NOT_MOVING, Played, oracle_plays, random_plays, train
from rich.console import Console
from rich.table import Table

from polyathlon.leaderboard.intervals import wilson
from polyathlon.tasks.langr import SPLITS

LANGR = ("langr-oracle", "langr-train", "langr-random")


def main() -> None:
    """Plays and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    choices = [*LANGR, "socialnav", "socialnav-cards", "adapters", "a1", "learners"]
    choices += ["submission-flips", "submission-replays", "comparisons"]
    parser.add_argument("proof", choices=choices)
    parser.add_argument("--episodes", type=int, default=1000, help="over all splits")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=150_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--width", type=int, default=128, help="of the quantisers")
    parser.add_argument("--updates", type=int, default=1000, help="of their training")
    parser.add_argument("--seeds", type=int, default=3, help="of every learner")
    parser.add_argument("--tries", type=int, default=1000, help="bytes changed, comparisons")
    options = parser.parse_args()
    if options.proof == "socialnav":
        raise SystemExit(_validate())
    if options.proof == "submission-flips":
        raise SystemExit(_flip(options.tries))
    if options.proof == "submission-replays":
        raise SystemExit(_play_again(min(options.episodes, 20)))
    if options.proof == "comparisons":
        raise SystemExit(_compare_agents(options.tries))
    if options.proof == "learners":
        raise SystemExit(_compare_learners(range(options.seeds)))
    if options.proof == "adapters":
        _print_claims(options.width, options.updates)
        return
    if options.proof == "socialnav-cards":
        raise SystemExit(_cards(max(1, options.episodes // len(CARDS))))
    if options.proof == "a1":
        _print_gaits(min(options.episodes, 100))
        return
    if options.proof == "langr-train":
        _print(
            options.proof, "family", list(train(options.first, options.count, options.processes))
        )
        return
    play = oracle_plays if options.proof == "langr-oracle" else random_plays
    each = -(-options.episodes // len(SPLITS))
    played = [play(split, number) for split in SPLITS for number in range(each)]
    _print(options.proof, "split", played)
    _print(options.proof, "family", played)


def _compare_learners(seeds: range) -> int:
    """Trains every offline learner; 1 if those that promise so do not beat cloning throughout."""
    from learning import LEARNERS, learn, references

    table = Table(title="learners: mean return, over seeds", title_justify="left")
    for column in ("learner", "mean", "least", "greatest"):
        table.add_column(column)
    found = {one.name: one for one in (*references(seeds), *(learn(n, seeds) for n in LEARNERS))}
    for one in found.values():
        table.add_row(one.name, *(f"{x:.2f}" for x in (np.mean(one.returns), *one.interval)))
    Console(width=100).print(table)
    return int(any(found[n].interval[0] <= found["bc"].interval[1] for n in ("iql", "idql")))


def _flip(tries: int) -> int:
    """Flips bytes of a real submission; 1 if one is not noticed."""
    import flips

    table = Table(title="submission-flips", title_justify="left")
    for column in ("what is flipped", "bytes", "tries", "noticed"):
        table.add_column(column)
    rows = flips.flipped(tries)
    for row in rows:
        table.add_row(row.what, f"{row.size:,}", f"{row.tries:,}", f"{row.noticed:,}")
    Console(width=110).print(table)
    return int(any(row.noticed < row.tries for row in rows))


def _play_again(episodes: int) -> int:
    """Plays honest runs of every family again; 1 if an episode does not come out as it was."""
    import families

    table = Table(title="submission-replays", title_justify="left")
    for column in ("family", "slots", "episodes", "match", "decided by"):
        table.add_column(column)
    rows = families.verified(episodes)
    for row in rows:
        table.add_row(row.family, str(row.slots), str(row.episodes), str(row.match), row.by)
    Console(width=110).print(table)
    return int(any(row.match < row.episodes for row in rows))


def _compare_agents(comparisons: int) -> int:
    """Simulates comparisons; 1 if verdicts come too often or too seldom."""
    import verdicts

    table = Table(title="comparisons, 100 pairs each", title_justify="left")
    for column in ("agents", "tasks", "success of the weaker", "comparisons", "verdicts", "holds"):
        table.add_column(column)
    rows = verdicts.simulated(comparisons)
    for row in rows:
        rate = f"{100 * row.verdicts / row.comparisons:.1f} in 100"
        cells = (row.what, str(row.tasks), f"{row.share:.1f}", f"{row.comparisons:,}", rate)
        table.add_row(*cells, "yes" if row.holds else "NO")
    Console(width=110).print(table)
    return int(not all(row.holds for row in rows))


def _validate() -> int:
    """Plays every row of social navigation's validation; 1 if one is off what is due."""
    table = Table(title="socialnav", title_justify="left")
    for column in ("scenario", "track", "robot", "episodes", "success", "collision", "timeout"):
        table.add_column(column)
    for column in ("time [s]", "due", "agrees"):
        table.add_column(column)
    off = 0
    for row in ROWS:
        found = tally(outcomes(row, range(cases_of(row))))
        off += not row.agrees(found)
        due = "-" if row.due is None else "{:.2f} {:.2f} {:.2f}".format(*row.due)
        table.add_row(
            *(row.scenario, row.track, row.robot, str(found.episodes)),
            *(f"{rate:.3f}" for rate in (found.success, found.collision, found.timeout)),
            f"{found.time:.2f}",
            due,
            "-" if row.due is None else "yes" if row.agrees(found) else "NO",
        )
    Console(width=160).print(table)
    for scenario, words in PROTOCOLS.items():
        print(f"{scenario}: {words}")
    for row in ROWS:
        if row.due is not None:
            print(f"due, {row.scenario}: {row.source}")
    return int(off > 0)


def _print_claims(width: int, updates: int) -> None:
    import fidelity

    table = Table(title="adapters", title_justify="left")
    for column in ("claim", "found", ""):
        table.add_column(column)
    for row in fidelity.union_rows(25_000, width, updates):
        table.add_row(*row)
    for row in fidelity.oracle_rows(width, updates):
        table.add_row(*row)
    Console(width=110).print(table)


def _cards(episodes: int) -> int:
    """Plays every card with its oracle and a reckless robot; 1 if one fails to show it."""
    table = Table(title="socialnav cards", title_justify="left")
    for column in ("card", *COLUMNS, "shows"):
        table.add_column(column)
    rows: list[Shown] = [shown(name, episodes) for name in CARDS]
    for row in rows:
        table.add_row(row.name, *row.cells(), "yes" if row.holds else "NO")
    Console(width=160).print(table)
    print(f"{episodes} episodes a card and robot, track visible, split test, robot omni.")
    return int(not all(row.holds for row in rows))


def _print_gaits(episodes: int) -> None:
    """Plays the A1's expert and random actions; both on the evaluation's own tasks."""
    import gaits

    chance = gaits.random_walks(range(episodes))
    chance["hiking"] = gaits.random_hikes(range(episodes))
    table = Table(title="a1", title_justify="left")
    for column in ("task", "expert", "95%", "least", "won", "speed or way", "random"):
        table.add_column(column)
    for task, found in gaits.measured(range(100, 100 + episodes)):
        totals = np.array([total for total, _, _ in found])
        half = 1.96 * totals.std(ddof=1) / len(totals) ** 0.5
        table.add_row(
            task,
            f"{totals.mean():.0f}",
            f"[{totals.mean() - half:.0f}, {totals.mean() + half:.0f}]",
            f"{totals.min():.0f}",
            f"{sum(won for _, won, _ in found)} of {len(found)}",
            f"{np.mean([way for _, _, way in found]):.2f}",
            f"{np.mean(chance[task.removeprefix('d5rl.a1-').removesuffix('-v1')]):.1f}",
        )
    Console(width=110).print(table)


def _print(title: str, group: str, played: Sequence[Played]) -> None:
    groups: dict[str, list[Played]] = collections.defaultdict(list)
    for one in played:
        groups[getattr(one, group)].append(one)
        if title != "langr-random" and not one.success:
            print("lost:", one)
    groups["all"] = [one for found in list(groups.values()) for one in found]
    rearranging = [one for one in played if one.family[:8] not in NOT_MOVING]
    if group == "family":
        groups["rearranging"] = rearranging
    table = Table(title=title, title_justify="left")
    for column in (group, "episodes", "won", "95%", "skills, mean", "most", "reward, most"):
        table.add_column(column)
    for name, found in groups.items():
        won = sum(one.success for one in found)
        low, high = wilson(won, len(found))
        steps = [one.steps for one in found]
        table.add_row(
            name,
            f"{len(found):,}",
            f"{won:,}",
            f"[{low:.4f}, {high:.4f}]",
            f"{np.mean(steps):.1f}",
            str(max(steps)),
            f"{max(one.total for one in found):.3f}",
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
