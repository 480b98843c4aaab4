"""The fault matrix: every fault at random moments, what was scored, lost, noticed and left behind.

Rows of the local engine inject into real workers and real command lines; rows of served policies
are those of ``outage``; rows of Ray lose actors and nodes of a real cluster.

Trials wait more than they compute: several are carried out at once, each process of its own that
is ended when one takes too long. Each outcome is written down as soon as it is known, a line of
JSON in ``trials.jsonl``, and what stands there is not tried again.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import psutil
from trial import Row, Seen

LONGEST = 300.0
"""A trial that takes longer is ended, and counts as one that was not as promised [s]."""

OUTCOMES = "trials.jsonl"

Key = tuple[str, str, int]
"""A trial: engine, fault, number."""


def _workers() -> list[Row]:
    import matrix_workers

    return matrix_workers.rows()


def _evaluator() -> list[Row]:
    import matrix_line

    return matrix_line.rows()


def _remote() -> list[Row]:
    import outage

    def trial(fault: Callable[..., outage.Trial]) -> Callable[[Any], Seen]:
        def tried(dice: Any) -> Seen:
            one = fault(outage.undisturbed(), dice)
            return Seen(not one.wrong, one.invalid, one.retried, one.noticed, one.left)

        return tried

    promise = "goes on, or played again; equal"
    return [Row("remote", name, promise, trial(fault)) for name, fault in outage.FAULTS.items()]


def _ray() -> list[Row]:
    import matrix_ray

    return matrix_ray.rows()


ENGINES = {"workers": _workers, "evaluator": _evaluator, "remote": _remote, "ray": _ray}
"""Parts of the matrix; each is imported by whoever tries it."""


def rows(engines: Sequence[str]) -> list[tuple[str, Row]]:
    """The rows of some parts, each with the name of its part."""
    return [(part, row) for part in engines for row in ENGINES[part]()]


def tried(
    engines: Sequence[str], trials: int, out: Path, processes: int, told: Callable[[str], Any]
) -> Iterator[tuple[Row, list[Seen]]]:
    """Carries out what is missing of every row's trials; then each row, and what came of them.

    Args:
        engines: parts of the matrix.
        trials: of each row.
        out: where the outcomes stand.
        processes: how many at once.
        told: is given a line for each trial.
    """
    chosen = rows(engines)
    out.mkdir(parents=True, exist_ok=True)
    path = out / OUTCOMES
    done = outcomes(path)
    waiting: queue.SimpleQueue[tuple[str, Key] | None] = queue.SimpleQueue()
    for part in engines:  # A cluster is started when its turn comes, and not before.
        for number in range(trials):
            for whose, row in chosen:
                key = (row.engine, row.fault, number)
                if whose == part and key not in done:
                    waiting.put((part, key))
    with open(path, "a") as file, open(out / "trials.log", "a") as log:
        notes = _Notes(file, waiting.qsize(), told)
        threads = [
            threading.Thread(target=_carry_out, args=(waiting, notes, log), daemon=True)
            for _ in range(processes)
        ]
        for thread in threads:
            waiting.put(None)
            thread.start()
        for thread in threads:
            thread.join()
    done = outcomes(path)
    for _, row in chosen:
        keys = [(row.engine, row.fault, number) for number in range(trials)]
        yield row, [done[key] for key in keys if key in done]


def outcomes(path: Path) -> dict[Key, Seen]:
    """What stands in a file; a trial that could not be carried out is as if it had not been."""
    found = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        one = json.loads(line)
        if "seen" in one:
            found[one["engine"], one["fault"], one["number"]] = Seen(**one["seen"])
    return found


class _Notes:
    """Writes outcomes down, from any thread."""

    def __init__(self, file: TextIO, total: int, told: Callable[[str], Any]) -> None:
        self._file, self._total, self._told = file, total, told
        self._lock, self._count = threading.Lock(), 0

    def put(self, key: Key, outcome: dict[str, Any], seconds: float) -> None:
        """Writes one."""
        engine, fault, number = key
        line = {"engine": engine, "fault": fault, "number": number, **outcome}
        with self._lock:
            self._count += 1
            self._file.write(json.dumps({**line, "seconds": round(seconds, 2)}) + "\n")
            self._file.flush()
            what = outcome.get("seen") or outcome["error"].strip().splitlines()[-1]
            place = f"{self._count}/{self._total}"
            self._told(f"{place} | {engine} | {fault} | {number} | {seconds:.1f} s | {what}")


def _carry_out(waiting: Any, notes: _Notes, log: TextIO) -> None:
    """Trials one after the other, all of a part in one process while it lives."""
    hand, standing = None, ""
    while (one := waiting.get()) is not None:
        part, key = one
        if hand is None or part != standing:
            if hand is not None:
                hand.leave()
            hand, standing = _Hand(part, log), part
        begun = time.monotonic()
        outcome = hand.ask(key)
        notes.put(key, outcome, time.monotonic() - begun)
        if "error" in outcome:
            hand.end()
            hand = None
    if hand is not None:
        hand.leave()


class _Hand:
    """A process that carries out trials of one part of the matrix."""

    def __init__(self, part: str, log: TextIO) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, part],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip

    def ask(self, key: Key) -> dict[str, Any]:
        """What comes of a trial: ``seen``, or an ``error``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(key) + "\n")
            self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], LONGEST)
        line = self._process.stdout.readline() if ready else ""
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        why = f"no outcome within {LONGEST:g} s" if not ready else "its process ended"
        return {"error": why}

    def leave(self) -> None:
        """Nothing more is asked of it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(60)
        self.end()

    def end(self) -> None:
        """Ends it, with all that it has started."""
        assert self._process.stdout is not None
        self._process.stdout.close()
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(self._process.pid)
            for one in (*main.children(recursive=True), main):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
        self._process.wait()


def serve(part: str) -> None:
    """Carries out what is asked for on standard input, a line each; answers on standard output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # What anything prints is for the log.
    known = {(row.engine, row.fault): row for row in ENGINES[part]()}
    for line in sys.stdin:
        engine, fault, number = json.loads(line)
        try:
            outcome: dict[str, Any] = {"seen": known[engine, fault].play(number)._asdict()}
        except Exception as error:
            print(traceback.format_exc(), file=sys.stderr, flush=True)
            outcome = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(outcome) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
