"""Append-only episodes on disk: one fsynced line an episode, never rewritten.

``DIR/episodes.jsonl`` holds a line an episode, each chained to the one before by SHA-256;
``DIR/actions.bin`` the blocks of actions that the lines point into. A line counts once it is
whole: a crash in the middle of one leaves a torn tail, which is set aside on the next start.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import msgspec

from .actions import unpack_actions
from .episode import EpisodePlan, EpisodeResult, TraceRef
from .errors import JournalCorrupt, RunDirectoryError, RunLocked

EPISODES = "episodes.jsonl"
ACTIONS = "actions.bin"
TORN = "episodes.torn"
GENESIS = "0" * 64
"""What the first line is chained to."""

_LEAD, _THEN = b'{"chain":"', b'","episode":'
"""What stands before and after the chain in a line."""

_CHAIN = slice(len(_LEAD), len(_LEAD) + len(GENESIS))
"""Where a line says its chain."""

_MIDDLE = slice(_CHAIN.stop, _CHAIN.stop + len(_THEN))
"""What is between it and the episode."""

_EPISODE = msgspec.json.Decoder(EpisodeResult)


class Entry(NamedTuple):
    """A finished episode and its block of actions, from ``pack_actions``; no block if invalid."""

    result: EpisodeResult
    packed: bytes = b""
    digest: str = ""


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    chain: str
    episode: msgspec.Raw


class _Contents(msgspec.Struct, frozen=True, kw_only=True):
    results: dict[tuple[str, int], EpisodeResult]
    chain: str
    whole_bytes: int
    torn: bytes


def _link(previous: str, episode: bytes) -> str:
    return hashlib.sha256(previous.encode() + episode).hexdigest()


def _line(chain: str, episode: bytes) -> bytes:
    return _LEAD + chain.encode() + _THEN + episode + b"}"


def chained(results: Iterable[EpisodeResult], previous: str = GENESIS) -> Iterator[bytes]:
    """The lines of some episodes, each linked to the one before it, without line ends.

    Args:
        results: the episodes, in the journal's order.
        previous: the chain of the line before the first.
    """
    for result in results:
        episode = result.canonical()
        previous = _link(previous, episode)
        yield _line(previous, episode)


def _parse(path: Path) -> _Contents:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raw = b""
    except OSError as error:
        raise RunDirectoryError(f"cannot read {path}: {error.strerror}") from error
    results: dict[tuple[str, int], EpisodeResult] = {}
    chain, whole_bytes, torn = GENESIS, 0, b""
    with _no_collection():  # There is nothing to be found among what is only being made.
        for number, line in enumerate(io.BytesIO(raw), start=1):
            if not line.endswith(b"\n"):
                torn = line
                break
            chain = _read_line(path, number, line[:-1], chain, results)
            whole_bytes += len(line)
    return _Contents(results=results, chain=chain, whole_bytes=whole_bytes, torn=torn)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Without the search for cycles, which takes a third of the time over a long journal."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def parse_chained(raw: bytes, where: str) -> list[EpisodeResult]:
    """The episodes of lines that are, byte for byte, what ``chained`` writes of them.

    Args:
        raw: the lines.
        where: the file, for the message.

    Raises:
        JournalCorrupt: a line is another; says which, and what is wrong with it.
    """
    results: list[EpisodeResult] = []
    chain, start = GENESIS, 0
    while start < len(raw):
        end = raw.find(b"\n", start)
        line, start = raw[start:end], end + 1
        number = len(results) + 1
        if end < 0:
            raise JournalCorrupt(f"{where} ends in the middle of line {number}")
        try:
            one = _EPISODE.decode(line[_CHAIN.stop + len(_THEN) : -1])
            episode = one.canonical()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise JournalCorrupt(f"{where}, line {number}: not an episode ({error})") from error
        chain = _link(chain, episode)
        if line != _line(chain, episode):
            form = _line(line[_CHAIN].decode("ascii", "replace"), episode)
            raise JournalCorrupt(
                f"{where}, line {number}: "
                + ("its chain does not fit" if line == form else "it is not in its canonical form")
            )
        results.append(one)
    return results


def _read_line(
    path: Path,
    number: int,
    line: bytes,
    chain: str,
    results: dict[tuple[str, int], EpisodeResult],
) -> str:
    advice = "Nothing was changed; restore the file from a copy, or use another --out."
    try:
        if line.startswith(_LEAD) and line[_MIDDLE] == _THEN and line.endswith(b"}"):
            stated, episode = line[_CHAIN].decode(), line[_MIDDLE.stop : -1]  # As it is written.
        else:
            parsed = msgspec.json.decode(line, type=_Line)
            stated, episode = parsed.chain, bytes(parsed.episode)
        result = _EPISODE.decode(episode)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise JournalCorrupt(
            f"{path}, line {number}: not an episode ({error}). {advice}"
        ) from error
    if stated != _link(chain, episode):
        raise JournalCorrupt(
            f"{path}, line {number}: it is not the line that was written there "
            f"(its chain does not fit). {advice}"
        )
    earlier = results.get(result.plan.key)
    if earlier is not None and earlier.valid:
        raise JournalCorrupt(
            f"{path}, line {number}: {result.plan.task} episode {result.plan.index} stands "
            f"there a second time. {advice}"
        )
    results[result.plan.key] = result
    return stated


def read_journal(directory: Path) -> list[EpisodeResult]:
    """The finished episodes of a run, in the order in which they ended; takes no lock.

    An episode that was invalid and then played again appears once, with its later result.
    A torn last line is passed over.

    Raises:
        JournalCorrupt: a line is not what was written.
        RunDirectoryError: the file cannot be read.
    """
    return list(_parse(directory / EPISODES).results.values())


def read_block(directory: Path, trace: TraceRef) -> bytes:
    """The packed actions of one episode.

    Raises:
        JournalCorrupt: the file ends before them.
        RunDirectoryError: it cannot be read.
    """
    try:
        with open(directory / ACTIONS, "rb") as file:
            file.seek(trace.offset)
            packed = file.read(trace.length)
    except OSError as error:
        raise RunDirectoryError(f"cannot read {directory / ACTIONS}: {error.strerror}") from error
    if len(packed) != trace.length:
        raise JournalCorrupt(f"{directory / ACTIONS} ends before the actions of that episode")
    return packed


def read_actions(directory: Path, trace: TraceRef) -> list[object]:
    """The actions of one episode.

    Raises:
        JournalCorrupt: the block is missing or damaged.
    """
    return unpack_actions(read_block(directory, trace), trace.digest)


class Journal:
    """The journal of one run, open for appending; at most one writer at a time.

    Making it locks the directory and reads; nothing in it is touched before ``open`` is called.

    Args:
        directory: an existing run directory.

    Raises:
        RunLocked: another process has it open.
        JournalCorrupt: a line is not what was written; the files stay as they are.
        RunDirectoryError: the files cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with contextlib.ExitStack() as opened:
            opened.callback(unlock, lock(directory))
            self._ready = False
            self._contents = _parse(directory / EPISODES)
            self.results, self._chain = self._contents.results, self._contents.chain
            self._opened = opened.pop_all()

    @property
    def is_blank(self) -> bool:
        """Whether nothing at all has been recorded yet."""
        sizes = [_size(self.directory / name) for name in (EPISODES, ACTIONS)]
        return not any(sizes)

    def open(self) -> None:
        """Makes ready for appending: sets a torn tail aside, drops actions without a line.

        The first ``append`` does it where nobody has.

        Raises:
            JournalCorrupt: the journal points to actions that are not there.
            RunDirectoryError: the files cannot be written.
        """
        if self._ready:
            return
        self._check_actions_are_there()
        self._episodes = self._opened.enter_context(_open_for_append(self.directory / EPISODES))
        self._actions = self._opened.enter_context(_open_for_append(self.directory / ACTIONS))
        self._actions.truncate(self._actions_end)
        self._set_torn_tail_aside(self._contents)
        self._ready = True

    def _set_torn_tail_aside(self, contents: _Contents) -> None:
        self.torn_bytes = len(contents.torn)
        if contents.torn:
            with open(self.directory / TORN, "ab") as aside:
                aside.write(contents.torn + b"\n")
            self._episodes.truncate(contents.whole_bytes)
        self._end = contents.whole_bytes

    def _check_actions_are_there(self) -> None:
        ends = [r.trace.offset + r.trace.length for r in self.results.values() if r.trace]
        self._actions_end = max(ends, default=0)
        size = _size(self.directory / ACTIONS)
        if size < self._actions_end:
            raise JournalCorrupt(
                f"{self.directory / ACTIONS} has {size} bytes, the journal points to "
                f"{self._actions_end}: it was cut or is missing. Nothing was changed; restore it "
                "from a copy, or use another --out."
            )

    def missing(
        self, plans: Iterable[EpisodePlan], retry_invalid: bool = False
    ) -> list[EpisodePlan]:
        """The planned episodes that are still to be played, in the plan's order."""
        return [
            plan
            for plan in plans
            if plan.key not in self.results or (retry_invalid and not self.results[plan.key].valid)
        ]

    def append(self, entries: Iterable[Entry]) -> None:
        """Puts finished episodes on the disk for good, before it returns.

        Actions reach the disk before the lines that point to them, so that a line that can be
        read can be replayed. A group costs two flushes, however many episodes it holds.

        Raises:
            RunDirectoryError: the disk refused; what was on it stays, and nothing half-written.
        """
        self.open()
        chain, end, results = self._chain, self._actions_end, {}
        blocks, lines = bytearray(), bytearray()
        for entry in entries:
            result = entry.result
            if entry.digest:
                trace = TraceRef(offset=end, length=len(entry.packed), digest=entry.digest)
                result = msgspec.structs.replace(result, trace=trace)
                blocks += entry.packed
                end += len(entry.packed)
            results[result.plan.key] = result
        for line in chained(results.values(), chain):
            lines += line + b"\n"
            chain = line[_CHAIN].decode()
        try:
            if blocks:
                _write_through(self._actions, blocks)
            _write_through(self._episodes, lines)
        except OSError as error:
            self._roll_back()
            raise RunDirectoryError(
                f"cannot write to {self.directory}: {error.strerror}. The {len(self.results)} "
                "episodes before are safe; free space or mend it, then repeat the command."
            ) from error
        self._chain, self._actions_end = chain, end
        self._end += len(lines)
        self.results.update(results)

    def _roll_back(self) -> None:
        # Where even this fails, a torn tail is set aside on the next start.
        with contextlib.suppress(OSError):
            self._episodes.truncate(self._end)
            self._actions.truncate(self._actions_end)

    def close(self) -> None:
        """Closes the files and lets the lock go; can be called twice."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


_held: set[int] = set()
"""Descriptors of the locks that this process holds."""


def _forget_locks() -> None:
    """In a forked child: a lock is its parent's, and must not outlive it in a child's hands."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_forget_locks)


def lock(directory: Path, doing: str = "evaluation") -> int:
    """Locks the directory itself, which has no file that could be deleted.

    The system lets the lock go when the process ends, however it ends.

    Args:
        directory: must exist.
        doing: what is done in it, for the message.

    Returns:
        A descriptor to ``unlock`` it by.

    Raises:
        RunLocked: another process holds it.
        RunDirectoryError: it cannot be opened.
    """
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise RunDirectoryError(f"cannot open {directory}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise RunLocked(
            f"another {doing} is writing to {directory}; wait for it, or use another --out"
        ) from error
    _held.add(descriptor)
    return descriptor


def unlock(descriptor: int) -> None:
    """Lets go of a directory; can be called twice."""
    if descriptor in _held:
        _held.remove(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _open_for_append(path: Path) -> BinaryIO:
    try:
        return open(path, "ab", buffering=0)
    except OSError as error:
        raise RunDirectoryError(f"cannot write {path}: {error.strerror}") from error


def _write_through(file: BinaryIO, data: bytes | bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
    os.fsync(file.fileno())
