"""Tables of what a long night may bring: faults, many episodes, policies that are served elsewhere.

Each prints one, and gives 1 where a claim does not hold.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table


def disturb_policies(trials: int) -> int:
    """Faults of a served policy; 1 if one changed a score or left something behind."""
    from outage import outages

    table = Table(title=f"served policies, {trials} trials a fault", title_justify="left")
    for column in ("fault", "trials", "scores equal", "INVALID", "attempts lost", "left behind"):
        table.add_column(column, justify="right" if column != "fault" else "left")
    bad = 0
    for name, found in outages(trials):
        parts = zip(*((x.wrong, x.invalid, x.retried, x.left) for x in found), strict=True)
        wrong, invalid, retried, left = map(sum, parts)
        equal = sum(not one.wrong for one in found)
        table.add_row(name, *map(str, (len(found), equal, invalid, retried, left)))
        bad += wrong + left
    Console(width=110).print(table)
    return int(bad > 0)


def inject(engines: str, trials: int, out: Path, processes: int) -> int:
    """The fault matrix; 1 if a row is not green."""
    from matrix import tried
    from trial import words

    table = Table(title=f"fault matrix, {trials} trials a row", title_justify="left")
    for column in ("engine", "fault", "promised", "trials", "as promised", "INVALID",
                   "attempts lost", "noticed after [s]", "left"):  # fmt: skip
        table.add_column(column)
    bad = 0
    found = tried(engines.split(","), trials, out, processes, lambda line: print(line, flush=True))
    for row, seen in found:
        table.add_row(row.engine, row.fault, row.promise, *words(seen))
        bad += len(seen) < trials or not all(one.green for one in seen)
    Console(width=160).print(table)
    return int(bad > 0)


def endure(episodes: int) -> int:
    """Many short episodes; 1 if something grew."""
    from endurance import held, is_flat

    table = Table(title="short episodes, two slots", title_justify="left")
    columns = ("episodes", "evaluator MB", "workers MB", "open files", "processes", "segments")
    for column in columns:
        table.add_column(column, justify="right")
    found = []
    for one in held(episodes):
        found.append(one)
        table.add_row(
            f"{one.episodes:,}", f"{one.evaluator / 1e6:.1f}", f"{one.workers / 1e6:.1f}",
            str(one.handles), str(one.processes), str(one.segments),
        )  # fmt: skip
    Console(width=100).print(table)
    return int(not is_flat(found))


def serve_the_warmup(episodes: int) -> int:
    """Plays the warm-up here, from a server and on Ray; 1 if an episode is not the same."""
    from served import BOTH, RAY, SERVED, rows

    table = Table(title="warm-up, random agent: the same as here", title_justify="left")
    for column in ("task", "episodes", SERVED, RAY, BOTH):
        table.add_column(column)
    with tempfile.TemporaryDirectory() as folder:
        found = rows("warmup", episodes, Path(folder))
    for one in found:
        same = (str(n) if n >= 0 else "not installed" for n in one.same.values())
        table.add_row(one.task, str(one.episodes), *same)
    sums = [sum(one.same[way] for one in found) for way in (SERVED, RAY, BOTH)]
    table.add_row("all", str(sum(one.episodes for one in found)), *map(str, sums))
    Console(width=100).print(table)
    return int(any(0 <= n < one.episodes for one in found for n in one.same.values()))


def play_with_peers() -> int:
    """Models served by the packages of other suites; 1 if an action is not what they said."""
    from suites import INTERPRETERS, played

    table = Table(title="models served for other suites", title_justify="left")
    for column in ("suite", "package", "actions", "as they were said"):
        table.add_column(column)
    bad = 0
    for suite in INTERPRETERS:
        package, count, equal = played(suite)
        table.add_row(suite, package, str(count), str(equal))
        bad += package != "not installed" and equal < count
    Console(width=100).print(table)
    return int(bad > 0)
