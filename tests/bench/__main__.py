"""``make bench``: what the harness costs, as ratios within one run.

Machines are noisy and differ; a ratio of two things measured in turn, pair by pair, drifts far
less than either. Every figure is a median over the pairs, with the least and the greatest.
"""

from __future__ import annotations

import argparse
import functools
import platform
from collections.abc import Callable, Sequence

import boards
import crowds
import decoding
import engines
import fleets
import homes
import kitchens
import language
import measure
import pages
import practice
import quantisers
import remote
import scoring
import sights
import submissions
import transitions
import updates
from measure import Ratio, Work
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from polyathlon.benchmarks.workers.pool import available_cores

STATE = {"observations": ("state",)}
RGB = {"observations": ("rgb",), "image_size": 128}


def overhead(pairs: int) -> list[Ratio]:
    """(i) One slot of the evaluator against a bare loop in one process."""
    works = (
        Work("faulty.timed-v0", {"step_seconds": 0.00025, "length": 200}, 4000, "0.25 ms a step"),
        Work("faulty.timed-v0", {"step_seconds": 0.002, "length": 200}, 1600, "2 ms a step"),
        Work("metaworld.reach-v3", STATE, 3000, "state"),
        Work("metaworld.reach-v3", RGB, 500, "rgb 128"),
        Work("babyai.go-to-local-v0", {}, 4000, "state"),
        Work("procgen.coinrun-easy-test-v0", {}, 6000, "rgb 64"),
        Work("atari.breakout-v5", {}, 3000, "rgb"),
    )
    return [
        measure.ratio(
            f"evaluator / bare loop: {work.title}",
            functools.partial(measure.harness, work, 1),
            functools.partial(measure.bare, work),
            pairs,
        )
        for work in works
    ]


def scaling(pairs: int) -> list[Ratio]:
    """(ii) Two slots against one."""
    works = (
        Work("metaworld.reach-v3", STATE, 4000, "state"),
        Work("metaworld.reach-v3", STATE, 4000, "state, oracle in the worker"),
        Work("metaworld.reach-v3", RGB, 500, "rgb 128"),
        Work("babyai.go-to-local-v0", {"observations": ("rgb", "instruction")}, 1200, "rgb"),
        Work("atari.breakout-v5", {}, 4000, "rgb"),
        Work("faulty.timed-v0", {"step_seconds": 0.002, "length": 200}, 3200, "2 ms a step"),
    )
    return [
        measure.ratio(
            f"2 slots / 1 slot: {work.title}",
            functools.partial(measure.harness, work, 2, oracle="oracle" in work.words),
            functools.partial(measure.harness, work, 1, oracle="oracle" in work.words),
            pairs,
        )
        for work in works
    ]


def rivals(pairs: int) -> list[Ratio]:
    """(iii) The same work through Gymnasium's AsyncVectorEnv and Stable-Baselines3."""
    works = (
        Work("metaworld.reach-v3", STATE, 4000, "state"),
        Work("metaworld.reach-v3", RGB, 500, "rgb 128"),
        Work("atari.breakout-v5", {"observations": ("rgb",)}, 3000, "rgb"),
    )
    others = (
        ("AsyncVectorEnv, 2 envs", measure.gymnasium_async),
        ("SB3 evaluate_policy, 2 envs", measure.stable_baselines3),
    )
    return [
        measure.ratio(
            f"evaluator, 2 slots / {rival}: {work.title}",
            functools.partial(measure.harness, work, 2),
            functools.partial(other, work),
            pairs,
        )
        for work in works
        for rival, other in others
    ]


def _in_slots(slots: int) -> Callable[[str], float]:
    return functools.partial(pages.episodes, slots=slots)


def browsers(pairs: int) -> list[Ratio]:
    """MiniWoB: this suite's pages against upstream's Selenium client, and against BrowserGym's."""
    words = {
        "opening": "opening a further slot and its first reset, a second",
        "resetting": "reset with words, elements and picture, a second",
        "clicking": "click with words, elements and picture, a second",
        "looking": "picture of a page at rest, a second",
    }
    kinds = [(words[name], work) for name, work in pages.WORKS.items()]
    kinds += [
        (f"episodes of five clicks a minute, {slots} at once", _in_slots(slots))
        for slots in (1, 2, 4)
    ]
    lacking = pages.upstream_missing()
    rows = [
        measure.ratio(
            f"ours / upstream's Selenium: {title}",
            functools.partial(kind, "ours"),
            (lambda: None) if lacking else functools.partial(kind, "upstream"),
            pairs,
        )
        for title, kind in kinds
    ]
    return rows + [
        measure.ratio(
            f"ours / BrowserGym: {words[name]}",
            functools.partial(work, "ours"),
            functools.partial(pages.browsergym, name),
            pairs,
        )
        for name, work in pages.WORKS.items()
        if name != "looking"
    ]


GROUPS: dict[str, Callable[[int], list[Ratio]]] = {
    "overhead": overhead,
    "scaling": scaling,
    "rivals": rivals,
    "slots": engines.slots,
    "ray": engines.ray,
    "socialnav": crowds.steps,
    "langr": lambda pairs: homes.pictures(pairs) + homes.symbols(pairs) + homes.resets(pairs),
    "scoring": scoring.scoring,
    "decoding": lambda pairs: decoding.masks(pairs) + decoding.uniform(pairs),
    "quantisers": quantisers.throughput,
    "transitions": transitions.reading,
    "updates": updates.updates,
    "language": language.language,
    "practice": practice.practice,
    "kitchen": kitchens.costs,
    "browsers": browsers,
    "submissions": submissions.resampling,
    "senses": lambda pairs: sights.pictures(pairs) + sights.scans(pairs),
}


def main() -> None:
    """Measures the groups asked for and prints them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "groups", nargs="*", default=["harness", *GROUPS, "remote", "engines", "start"]
    )
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    console = Console(width=130)
    cores = available_cores()
    console.print(f"{platform.machine()}, Python {platform.python_version()}, {cores} cores")
    if "harness" in options.groups:
        rows = [measure.harness_cost(options.pairs, image) for image in (0, 84, 224)]
        _print(console, "harness alone: null world, null agent", "microseconds a step", rows)
    for name, group in GROUPS.items():
        if name in options.groups:
            rows = [tuple(row) for row in group(options.pairs)]
            _print(console, name, "ratio", rows)
    if "langr" in options.groups:
        _print(console, "langr: episodes", "a second", homes.episodes(options.pairs))
        _print(console, "langr: memory (one, five)", "MB", homes.memory())
    if "decoding" in options.groups:
        _print(console, "adapters", "million actions/s", decoding.throughput(options.pairs))
    if "fit" in options.groups:  # Only when asked for: it takes minutes.
        _print(console, "tokenizer", "seconds", quantisers.fitting())
    if "submissions" in options.groups:
        seconds, memory = submissions.validating(options.pairs)
        _print(console, "submissions: checking", "seconds of processor", seconds)
        _print(console, "submissions: checking", "MB", memory)
    if "board" in options.groups:  # Likewise.
        _print(console, "a site of 1,000 submissions", "", boards.building())
    if "senses" in options.groups:
        _print(console, "senses: a frame", "ms of processor", sights.frames(options.pairs))
    if "remote" in options.groups:
        _print(console, "remote policy: added to a step", "ms", remote.added(options.pairs))
    if "engines" in options.groups:
        rows = engines.first_step(options.pairs) + engines.resume(options.pairs)
        _print(console, "engines", "seconds", rows)
        _print(console, "simulated fleets", "steps/s", fleets.scaling(),
               ("worlds busy", "thinking", "handing over", "recording", "busiest"))  # fmt: skip
    if "start" in options.groups:
        _print(console, "start", "seconds", measure.start_times(options.pairs))


def _print(
    console: Console,
    title: str,
    unit: str,
    rows: list[tuple],
    columns: Sequence[str] = ("min", "max", "steps/s"),
) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    for column in (unit, *columns)[: len(rows[0]) - 1]:
        table.add_column(column, justify="right")
    for row in rows:
        cells = [f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row]
        table.add_row(*map(escape, cells))  # "[s]" is a unit, not a style.
    console.print(table)


if __name__ == "__main__":
    main()
