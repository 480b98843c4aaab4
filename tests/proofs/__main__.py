"""``make proof``: what takes too long for ``make test``; its figures stand in the docs.

    python tests/proofs langr-oracle --episodes 1000
    python tests/proofs langr-train --first 0 --count 150000 --processes 2
    python tests/proofs langr-random --episodes 1000
    python tests/proofs socialnav
    python tests/proofs adapters --width 128 --updates 1000
    python tests/proofs socialnav-cards --episodes 540
    python tests/proofs a1 --episodes 20
    python tests/proofs widowx --episodes 100
    python tests/proofs learners --seeds 3
    python tests/proofs import-memory
    python tests/proofs learners-a1 --seeds 3 --out runs/train-check
    python tests/proofs learners-kitchen --seeds 3
    python tests/proofs learners-cheetah --seeds 5 --processes 4
    python tests/proofs submission-flips --tries 1000
    python tests/proofs comparisons --tries 2000
    RLIABLE_PYTHON=/path/to/its/python python tests/proofs statistics
    python tests/proofs miniwob --seeds 2
    python tests/proofs miniwob-oracles --seeds 20
    python tests/proofs miniwob-soak --episodes 2000
    python tests/proofs miniwob-leftovers --seeds 4
    python tests/proofs submission-replays --episodes 3
    python tests/proofs outages --tries 20
    python tests/proofs served
    python tests/proofs soak --episodes 20000
    python tests/proofs faults --tries 20 --processes 4 --engines workers,ray
    OPENPI_PYTHON=... VLA_EVAL_PYTHON=... python tests/proofs peers
    python tests/proofs results-bc-metaworld --seeds 3 --out runs/results

Each prints a table; shares with 95% Wilson intervals.
"""

from __future__ import annotations

import argparse
import collections
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import nights
import numpy as np
from cards import CARDS, COLUMNS, Shown, shown
from crossings import PROTOCOLS, ROWS, cases_of, outcomes, tally
from playing import NOT_MOVING, Played, oracle_plays, random_plays, train
from rich.console import Console
from rich.table import Table

from polyathlon.leaderboard.intervals import wilson
from polyathlon.tasks.langr import SPLITS


def main() -> None:
    """Plays and prints; exits with 1 where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("proof", choices=list(PROOFS))
    parser.add_argument("--episodes", type=int, default=1000, help="over all splits")
    parser.add_argument("--first", type=int, default=0, help="episode or page to begin with")
    parser.add_argument("--count", type=int, default=150_000, help="of episodes, of pages")
    parser.add_argument("--processes", type=int, default=2, help="side by side, where that can be")
    parser.add_argument("--width", type=int, default=128, help="of the quantisers")
    parser.add_argument("--updates", type=int, default=1000, help="of their training")
    parser.add_argument("--seeds", type=int, default=3, help="of every learner, of every page")
    parser.add_argument("--out", type=Path, help="of learners-*, of faults")
    parser.add_argument("--families", default="", help="of submission-replays; empty for all")
    parser.add_argument("--tries", type=int, default=1000, help="bytes changed, comparisons")
    parser.add_argument("--engines", default="workers,evaluator,remote,ray", help="of faults")
    options = parser.parse_args()
    options.out = options.out or Path("runs") / OUT.get(options.proof, "train-check")
    raise SystemExit(PROOFS[options.proof](options))


def _play_homes(options: argparse.Namespace) -> int:
    """Plays every split of Language Rearrangement."""
    play = oracle_plays if options.proof == "langr-oracle" else random_plays
    each = -(-options.episodes // len(SPLITS))
    played = [play(split, number) for split in SPLITS for number in range(each)]
    _print(options.proof, "split", played)
    _print(options.proof, "family", played)
    return 0


def _train_homes(options: argparse.Namespace) -> int:
    """Plays the episodes that agents train on."""
    played = list(train(options.first, options.count, options.processes))
    _print(options.proof, "family", played)
    return 0


def _import_more_than_memory() -> int:
    """Imports a small and a large data set with little memory; 1 if the large one needs more."""
    from memory import need

    table = Table(title="import, 64 MB beyond a process at rest", title_justify="left")
    for column in ("episodes", "arrays, MB", "peak, MB", "at rest, MB"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        found = [need(Path(folder), count, limit=64_000_000) for count in (25, 100, 400)]
    for one in found:
        sizes = (one.size, one.peak, one.idle)
        table.add_row(str(one.episodes), *(f"{size / 1e6:,.0f}" for size in sizes))
    Console().print(table)
    return int(found[-1].peak > found[0].peak + 16e6)


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


def _prove_learning(told: argparse.Namespace) -> int:
    """Trains on a data set of the world, and plays there; 1 if a claim does not hold."""
    import claims

    proof, seeds = told.proof, range(told.seeds)

    table = Table(title=f"{proof}: mean score, 95% over {len(seeds)} seeds", title_justify="left")
    for column in ("learner", "mean", "95%", "each seed", "training", "playing"):
        table.add_column(column)
    proven = claims.prove(proof, told.out, seeds, told.processes)
    for row in proven.rows:
        table.add_row(*row)
    Console(width=120).print(table)
    for words, holds in proven.claims.items():
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {words}")
    return int(not all(proven.claims.values()))


def _show_results(proof: str, folder: Path, seeds: int, processes: int) -> int:
    """Trains an agent by the command line, and plays it; 1 if a claim does not hold."""
    import online

    table = Table(title=f"{proof}, intervals 95%", title_justify="left")
    for column in ("who", "over", "score", "mean return"):
        table.add_column(column)
    shown = online.prove(proof, folder, seeds, processes)
    for row in shown.rows:
        table.add_row(*row)
    Console(width=110).print(table)
    for words, holds in shown.claims.items():
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {words}")
    return int(not all(shown.claims.values()))


def _flip(tries: int, first: int) -> int:
    """Flips bytes of a real submission; 1 if one is not noticed."""
    import flips

    table = Table(title="submission-flips", title_justify="left")
    for column in ("what is flipped", "bytes", "tries", "noticed"):
        table.add_column(column)
    rows = flips.flipped(tries, first)
    for row in rows:
        table.add_row(row.what, f"{row.size:,}", f"{row.tries:,}", f"{row.noticed:,}")
    Console(width=110).print(table)
    return int(any(row.noticed < row.tries for row in rows))


def _play_again(episodes: int, chosen: str) -> int:
    """Plays honest runs of every family again; 1 if an episode does not come out as it was."""
    import families

    table = Table(title="submission-replays", title_justify="left")
    for column in ("family", "slots", "played again", "episodes", "match", "decided by"):
        table.add_column(column)
    rows = families.verified(episodes, chosen)
    for row in rows:
        table.add_row(*map(str, row))
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


def _agree() -> int:
    """Our statistics beside rliable's and statsmodels'; 1 if they are further apart than due."""
    import agreement

    table = Table(title="statistics beside rliable and statsmodels", title_justify="left")
    for column in ("figure", "numbers", "most apart", "allowed", "holds"):
        table.add_column(column)
    rows = agreement.agreement()
    for row in rows:
        cells = (row.figure, str(row.numbers), f"{row.apart:.1e}", f"{row.allowed:.0e}")
        table.add_row(*cells, "yes" if row.holds else "NO")
    Console(width=110).print(table)
    return int(not all(row.holds for row in rows))


def _pages(told: argparse.Namespace) -> slice:
    return slice(told.first, told.first + told.count)


def _beside_upstream(seeds: range, pages: slice) -> int:
    """Plays MiniWoB tasks with upstream's client too; 1 if words or verdicts ever differ."""
    from upstream import compare

    from polyathlon.tasks.miniwob.roster import CHORES

    row = "{:28} {:>6} {:>6} {:>9} {:>9} {:>8}  {}".format
    print(row("task", "seeds", "words", "elements", "verdicts", "endings", "raw rewards"))
    sums, off = np.zeros(5, int), 0
    for task in list(CHORES)[pages]:
        found = compare(task, seeds)
        off += found.words < found.seeds or found.verdicts < found.endings
        sums += found[1:6]
        rewards = " ".join(f"{reward:g}" for reward in sorted(set(found.rewards)))
        print(row(*found[:6], rewards), flush=True)
        for words in found.differences:
            print(f"    {words}", flush=True)
    print(row("all", *(int(number) for number in sums), ""))
    return int(off > 0)


def _solve_pages(seeds: range, pages: slice) -> int:
    """Plays pages that have an oracle with it and at random; 1 if an oracle fails too often."""
    from errand import ENOUGH, solved

    from polyathlon.tasks.miniwob.oracle import ORACLES

    table = Table(title=f"miniwob, {len(seeds)} seeds each", title_justify="left")
    for column in ("page", "oracle", "steps", "at random"):
        table.add_column(column)
    rows = [solved(name, seeds) for name in list(ORACLES)[pages]]
    for row in rows:
        table.add_row(row.name, f"{row.oracle}", f"{row.steps:.1f}", f"{row.random}")
    Console(width=80).print(table)
    for who, each in (("oracle", seeds), ("random", seeds[::4])):
        won, played = sum(getattr(row, who) for row in rows), len(rows) * len(each)
        low, high = wilson(won, played)
        print(f"{who}: {won} of {played}, [{low:.3f}, {high:.3f}]")
    return int(any(row.oracle < ENOUGH * len(seeds) for row in rows))


def _soak_pages(episodes: int) -> int:
    """Plays many episodes of MiniWoB; 1 if the memory grows."""
    import soak

    print("episodes  process, MB  browser, MB  open files", flush=True)
    found = []
    for one in soak.held(max(episodes, 100)):
        found.append(one)
        sizes = f"{one.process / 1e6:11.0f}  {one.browser / 1e6:11.0f}"
        print(f"{one.episodes:8}  {sizes}  {one.handles:10}", flush=True)
    return int(not soak.is_flat(found))


def _sweep_pages(seeds: range, pages: slice) -> int:
    """Compares pages that were played with pages just opened; 1 if one keeps something."""
    from leftover import sweep

    return sweep(seeds, pages)


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


def _print_claims(width: int, updates: int) -> int:
    import fidelity

    table = Table(title="adapters", title_justify="left")
    for column in ("claim", "found", ""):
        table.add_column(column)
    for row in fidelity.union_rows(25_000, width, updates):
        table.add_row(*row)
    for row in fidelity.oracle_rows(width, updates):
        table.add_row(*row)
    Console(width=110).print(table)
    return 0


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


def _print_gaits(episodes: int, processes: int) -> int:
    """Plays the A1's expert and random actions, and tells of each task as soon as it is known."""
    import gaits
    from comparison import interval

    for one in gaits.measured(episodes, processes):
        totals = [total for total, _, _ in one.played]
        low, high = interval(totals)
        print(
            f"{one.task:31}expert {np.mean(totals):.0f}"
            f" [{low:.0f}, {high:.0f}], least {min(totals):.0f},"
            f" won {sum(won for _, won, _ in one.played)} of {len(totals)},"
            f" speed or way {np.mean([way for _, _, way in one.played]):.2f};"
            f" random {np.mean(one.by_chance):.1f}",
            flush=True,
        )
    return 0


def _sort(episodes: int) -> int:
    """Plays the WidowX's expert, its tiers, and random actions; 1 if the expert loses too often."""
    import sorting

    table = Table(title="widowx", title_justify="left")
    for column in ("task", "played by", "won", "95%", "steps, mean", "most", "placed, mean"):
        table.add_column(column)
    short = 0
    for task, player, found in sorting.measured(range(episodes)):
        won = sum(one.success for one in found)
        low, high = wilson(won, len(found))
        steps = [one.steps for one in found if one.success] or [0]
        table.add_row(
            task,
            player,
            f"{won} of {len(found)}",
            f"[{low:.3f}, {high:.3f}]",
            f"{np.mean(steps):.1f}",
            str(max(steps)),
            f"{np.mean([one.placed for one in found]):.2f}",
        )
        short += player == sorting.ORACLE and won < 0.8 * len(found)
    Console(width=120).print(table)
    return int(short > 0)


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


PROOFS: dict[str, Callable[[argparse.Namespace], int]] = {
    "langr-oracle": _play_homes,
    "langr-random": _play_homes,
    "langr-train": _train_homes,
    "socialnav": lambda _: _validate(),
    "socialnav-cards": lambda told: _cards(max(1, told.episodes // len(CARDS))),
    "adapters": lambda told: _print_claims(told.width, told.updates),
    "a1": lambda told: _print_gaits(min(told.episodes, 100), told.processes),
    "widowx": lambda told: _sort(told.episodes),
    "learners": lambda told: _compare_learners(range(told.seeds)),
    "learners-a1": _prove_learning,
    "learners-kitchen": _prove_learning,
    "learners-cheetah": _prove_learning,
    **dict.fromkeys(
        (
            "results-ppo-babyai",
            "results-bc-metaworld",
            "results-sac-metaworld",
            "results-ppo-procgen",
        ),
        lambda told: _show_results(told.proof, told.out, told.seeds, told.processes),
    ),
    "import-memory": lambda _: _import_more_than_memory(),
    "miniwob": lambda told: _beside_upstream(range(told.seeds), _pages(told)),
    "miniwob-oracles": lambda told: _solve_pages(range(told.seeds), _pages(told)),
    "miniwob-soak": lambda told: _soak_pages(told.episodes),
    "miniwob-leftovers": lambda told: _sweep_pages(range(told.seeds), _pages(told)),
    "submission-replays": lambda told: _play_again(min(told.episodes, 20), told.families),
    "submission-flips": lambda told: _flip(told.tries, told.first),
    "statistics": lambda _: _agree(),
    "comparisons": lambda told: _compare_agents(told.tries),
    "outages": lambda told: nights.disturb_policies(min(told.tries, 20)),
    "soak": lambda told: nights.endure(told.episodes),
    "faults": lambda told: nights.inject(
        told.engines, min(told.tries, 100), told.out, told.processes
    ),
    "peers": lambda _: nights.play_with_peers(),
    "served": lambda told: nights.serve_the_warmup(min(told.episodes, 2)),
}
"""What can be proved, by name."""

OUT = {"faults": "faults"}
"""Folders in ``runs`` where it is not that of the learners."""


if __name__ == "__main__":
    main()
