"""Real submissions changed in their structure: refused in one line, or the same verdict.

Three kinds of change, of which one or two are made at a time: to values of the JSON files, to the
order and number of episodes, and to the archive. Hashes and chains are made anew or left.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from polyathlon.core.errors import PolyathlonError, RunDirectoryError, SubmissionRefused
from polyathlon.core.journal import GENESIS, _link
from polyathlon.core.manifest import Manifest
from polyathlon.core.metric import Composite, MetricSpec, MetricTable
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.submission import pack
from polyathlon.leaderboard.summary import summarise
from polyathlon.leaderboard.validation import validate
from polyathlon.leaderboard.verification import (
    Verification,
    beside,
    draw,
    judge,
    read_verification,
    write_verification,
)
from polyathlon.leaderboard.website.build import build_site

replace = msgspec.structs.replace

INDEX, MANIFEST = "submission.json", "runs/0/manifest.json"
EPISODES, RESULT = "runs/0/episodes.jsonl", "runs/0/result.json"

HOSTILE = [
    None, True, False, -1, 0, 1, 2**53, 2**63, 10**400, -0.5, 1e308, float("nan"), float("inf"),
    "", " ", "x" * 5000, "../../etc/passwd", "/etc/passwd", "<script>alert(1)</script>", "a\x00b",
    "two\nlines", "\u202egnp.exe", "\u200b", "\u05d0", "e\u0301", "\ue000", "=1+1", "0" * 64,
    [], {}, [[[[]]]], {"a": {"b": {}}}, ["x"] * 2000, {"__proto__": 1, "constructor": 2},
    json.loads("[" * 60 + "]" * 60),
]  # fmt: skip
"""Values that stand where something else is due."""


def places(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a JSON value."""
    found = [where]
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*where, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            found += places(item, (*where, at))
    return found


def put(value: Any, where: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    """A copy in which a container was changed at a key."""
    if not where:
        box = [copy.deepcopy(value)]
        change(box, 0)
        return box[0] if box else None
    whole = copy.deepcopy(value)
    inner = whole
    for step in where[:-1]:
        inner = inner[step]
    change(inner, where[-1])
    return whole


def altered(value: Any, seed: int, how: str, hostile: Any) -> Any:
    """A JSON value with one thing about it changed."""
    known = places(value)
    where = known[seed % len(known)]

    def change(inner: Any, key: Any) -> None:
        if how == "delete":
            del inner[key]
        elif how == "rename" and isinstance(inner, dict):
            inner[str(key) + "x"] = inner.pop(key)
        elif how == "double" and isinstance(inner, list):
            inner.insert(key, copy.deepcopy(inner[key]))
        elif how == "reverse" and isinstance(inner[key], list):
            inner[key] = inner[key][::-1]
        elif how == "nudge" and type(inner[key]) in (int, float):
            inner[key] += 1
        elif how == "add" and isinstance(inner[key], dict):
            inner[key]["zzz"] = hostile
        else:
            inner[key] = hostile

    return put(value, where, change)


def dumped(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def relinked(episodes: list[bytes]) -> bytes:
    """A journal of some episodes, its chain made anew."""
    chain, out = GENESIS, b""
    for one in episodes:
        chain = _link(chain, one)
        out += b'{"chain":"' + chain.encode() + b'","episode":' + one + b"}\n"
    return out


def episodes_of(journal: bytes) -> list[bytes]:
    mark = b'"episode":'
    return [line[line.index(mark) + len(mark) : -1] for line in journal.splitlines()]


def reordered(journal: bytes, how: str, first: int, second: int) -> bytes:
    """A journal with other episodes, chained anew."""
    found = episodes_of(journal)
    if not found:
        return journal
    first, second = first % len(found), second % len(found)
    if how == "drop":
        del found[first]
    elif how == "double":
        found.insert(second, found[first])
    elif how == "swap":
        found[first], found[second] = found[second], found[first]
    elif how == "replace":  # Another episode's line under this one's name.
        one, other = json.loads(found[first]), json.loads(found[second])
        found[first] = dumped({**other, "plan": one["plan"]})
    elif how == "seed":
        one = json.loads(found[first])
        one["plan"]["seed"] = json.loads(found[second])["plan"]["seed"] + 1
        found[first] = dumped(one)
    elif how == "empty":
        found = []
    return relinked(found)


def rezipped(members: dict[str, bytes], how: str, at: int) -> bytes:
    """An archive of the files that our own tool would not write."""
    names = list(members)
    name = names[at % len(names)]
    if how == "reorder":
        return write_archive({one: members[one] for one in sorted(names, reverse=at % 2 == 0)})
    if how == "foreign":
        return write_archive({**members, "runs/0/notes.txt": b"x"})
    if how == "missing":
        return write_archive({one: members[one] for one in names if one != name})
    bytes_ = write_archive(members)
    if how in ("before", "behind", "cut"):
        return {"before": b"#!/bin/sh\n" + bytes_, "behind": bytes_ + b"\0", "cut": bytes_[:-at]}[
            how
        ]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for one, data in members.items():
            info = zipfile.ZipInfo(one, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o100644 << 16
            if one == name:
                info.compress_type = zipfile.ZIP_DEFLATED if how == "deflate" else 0
                info.external_attr = {"link": 0o120777, "folder": 0o040755}.get(
                    how, 0o100644
                ) << 16  # fmt: skip
                info.filename = {"climb": f"../{one}", "absolute": f"/{one}", "drive": f"C:{one}",
                                 "hidden": one + "\u202e"}.get(how, one)  # fmt: skip
                info.comment = b"hello" if how == "comment" else b""
                info.extra = b"\xca\xfe\0\0" if how == "extra" else b""
            archive.writestr(info, data)
        if how == "twice":
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), members[name])
        if how == "bomb":
            archive.writestr("bomb", b"\0" * (1 << 22), zipfile.ZIP_DEFLATED)
    return out.getvalue()


NUMBER = st.integers(0, 10**6)
VALUES = st.tuples(
    st.just("value"),
    st.sampled_from([INDEX, MANIFEST, RESULT, EPISODES]),
    st.sampled_from(
        ["replace", "replace", "replace", "delete", "rename", "double", "reverse", "nudge", "add"]
    ),
    NUMBER,
    st.sampled_from(HOSTILE),
)
ORDER = st.tuples(
    st.just("order"),
    st.sampled_from(["drop", "double", "swap", "replace", "seed", "empty"]),
    NUMBER,
    NUMBER,
)
ZIP = st.tuples(
    st.just("zip"),
    st.sampled_from(
        ["reorder", "foreign", "missing", "before", "behind", "cut", "deflate", "link", "folder",
         "climb", "absolute", "drive", "hidden", "comment", "extra", "twice", "bomb", "plain"]
    ),
    st.integers(1, 5),
)  # fmt: skip


def applied(files: dict[str, bytes], change: tuple[Any, ...]) -> dict[str, bytes]:
    """The files after a change of values or of episodes."""
    if change[0] == "order":
        return {**files, EPISODES: reordered(files[EPISODES], *change[1:])}
    _, name, how, seed, hostile = change
    if name != EPISODES:
        return {**files, name: dumped(altered(json.loads(files[name]), seed, how, hostile))}
    found = episodes_of(files[EPISODES])
    if found:
        at = seed % len(found)
        found[at] = dumped(altered(json.loads(found[at]), seed // len(found), how, hostile))
    return {**files, EPISODES: relinked(found)}


def verdict(checked: Any) -> list[Any]:
    return [(run.result.headline, run.result.overall.success, run.result.overall.score)
            for run in checked.runs]  # fmt: skip


def judged(path: Any, honest: list[Any]) -> str:
    """What becomes of a file: refused in one printable line, or the honest verdict."""
    before = sorted(path.parent.iterdir())
    try:
        found = verdict(validate(path))
    except SubmissionRefused as error:
        words = str(error)
        assert words.isprintable()
        assert words.startswith(str(path))
        assert len(words) < 1000 + len(str(path))
        return "refused"
    finally:
        assert sorted(path.parent.iterdir()) == before
    assert found == honest
    return "the same"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    changes=st.lists(st.one_of(VALUES, ORDER, VALUES), max_size=2),
    archive=st.none() | ZIP,
    hashed=st.booleans(),
)
def test_whatever_is_changed(members, filed, rehashed, changes, archive, hashed):
    path = filed(members)
    honest = verdict(validate(path))
    files = dict(members)
    for change in changes:
        files = applied(files, change)
    if hashed and all(change[:2] != ("value", INDEX) for change in changes):
        files = rehashed(files)
    path.write_bytes(rezipped(files, *archive[1:]) if archive else write_archive(files))
    became = judged(path, honest)
    if archive and archive[1] not in ("reorder", "plain"):
        assert became == "refused"


@pytest.mark.parametrize("name", [INDEX, MANIFEST, RESULT, EPISODES])
@pytest.mark.parametrize("hostile", range(len(HOSTILE)))
def test_a_hostile_value_where_it_hurts(members, filed, rehashed, name, hostile):
    """Every hostile value once in each file, in places that walk through the file."""
    honest = verdict(validate(filed(members)))
    change = ("value", name, "replace", 7919 * hostile + 13, HOSTILE[hostile])
    files = applied(dict(members), change)
    became = judged(filed(files if name == INDEX else rehashed(files)), honest)
    assert became in ("refused", "the same")


@settings(max_examples=60, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    how=st.sampled_from(["replace", "delete", "rename", "add"]),
    seed=NUMBER,
    hostile=st.sampled_from(HOSTILE),
)
def test_a_verification_is_read_as_strictly(tmp_path, how, seed, hostile):
    """The file beside a submission may come from anybody as well."""
    path = beside(tmp_path / "submission.zip")
    write_verification(path, judge("0" * 64, draw(8, None), [], "", {"cores": 2}, {"a": "1"}))
    plain = json.loads(path.read_text())
    path.write_bytes(dumped(altered(plain, seed, how, hostile)))
    with contextlib.suppress(RunDirectoryError):
        assert isinstance(read_verification(path), Verification)


FIGURES = MetricTable(
    metrics=(
        MetricSpec(key="length", title="length of the way", unit="m", aspects=("way",)),
        MetricSpec(key="bumped", title="whether it bumped", share=True, weight="length"),
        MetricSpec(key="met", title="whether it met a wall"),
    ),
    counts_by="met",
    shown=("length", "bumped"),
    aspects={"way": "its way"},
    composites=(Composite(key="sum", title="a sum", weights={"length": 1.0, "bumped": 2.0}),),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10**6),
    how=st.sampled_from(["delete", "rename", "double", "reverse", "nudge", "add", "put"]),
    hostile=st.sampled_from([one for one in HOSTILE if one == one]),
)
def test_declarations_of_a_forger_become_a_site_or_are_refused(
    packed, tmp_path, seed, how, hostile
):
    """Whatever a manifest declares, with every figure, digest and hash made anew."""
    figures = {"length": 2.0, "bumped": 1.0, "met": 1.0}
    results = [replace(one, metrics=figures) for one in packed.results]
    plain = msgspec.to_builtins(replace(packed.manifest, metrics={"babyai": FIGURES}))
    try:
        manifest = msgspec.convert(altered(plain, seed, how, hostile), Manifest)
        manifest = replace(manifest, benchmark_digest=manifest.benchmark.digest())
        result = summarise(manifest, results)
        run = replace(packed, manifest=manifest, results=tuple(results), result=result)
        files = pack("Forger", [run])
    except (msgspec.ValidationError, PolyathlonError, ValueError, TypeError, OverflowError):
        reject()  # Not even a forger can write it.
    folder = tmp_path / "found"
    folder.mkdir(exist_ok=True)
    (folder / "forged.zip").write_bytes(write_archive(files))
    board = build_site([folder], tmp_path / "site")
    assert len(board.sources) + len(board.refused) == 1
