"""TFRecord files: what TensorFlow would have written is read, and damage is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from record_writer import example, frame, message, varint, write_examples

from polyathlon.core.errors import BadArgument
from polyathlon.tasks.dataset.tfrecord import parse_example, read_examples, read_records

LARGE = (1 << 63) - 1
FEATURES = {
    "picture": [b"\xff\xd8 not really", b""],
    "state": np.linspace(-1, 1, 14, dtype=np.float32),
    "lengths": np.array([0, 1, 127, 128, 300, -1, LARGE, -LARGE - 1], np.int64),
    "none": [],
}


def same(found: dict, wanted: dict) -> bool:
    return set(found) == set(wanted) and all(np.array_equal(found[k], wanted[k]) for k in wanted)


@pytest.mark.parametrize("compress", [False, True])
def test_what_was_written_is_read(tmp_path: Path, compress: bool) -> None:
    second = {"state": np.zeros(0, np.float32), "words": ["grün".encode()]}
    path = write_examples(tmp_path / "a.tfrecord", [FEATURES, second], compress)
    first, then = read_examples(path)
    assert same(first, FEATURES)
    assert first["lengths"].dtype == np.int64
    assert then["words"] == ["grün".encode()]
    assert len(then["state"]) == 0


def test_the_bytes_of_a_file_that_tfrecord_1_14_wrote(tmp_path: Path) -> None:
    """That package is independent of ours and uses protobuf and another library of checksums."""
    written = bytes.fromhex(
        "4b00000000000000870999960a490a120a046e616d65120a0a080a066b6574746c650a160a066163"
        "74696f6e120c120a0a080000003f0000a0bf0a1b0a05737465707312121a100a0e03f9ffffffffff"
        "ffffff01f0a204aa4a974d"
    )
    (tmp_path / "one").write_bytes(written)
    (found,) = read_examples(tmp_path / "one")
    assert found["name"] == [b"kettle"]
    assert found["action"].tolist() == [0.5, -1.25]
    assert found["steps"].tolist() == [3, -7, 70000]


def test_numbers_may_stand_alone() -> None:
    whole = b"".join(varint(1 << 3) + varint(value) for value in (5, -5))
    floats = b"".join(varint(1 << 3 | 5) + np.float32(x).tobytes() for x in (1.5, 2))
    entries = [(b"n", message(3, whole)), (b"x", message(2, floats)), (b"unset", b"")]
    inside = b"".join(message(1, message(1, n) + message(2, v)) for n, v in entries)
    found = parse_example(message(1, inside), "here")
    assert found["n"].tolist() == [5, -5]
    assert found["x"].tolist() == [1.5, 2]
    assert found["unset"] == []


def test_a_length_that_begins_like_gzip(tmp_path: Path) -> None:
    record = bytes(0x088B1F)
    (tmp_path / "one").write_bytes(frame(record))
    assert list(read_records(tmp_path / "one")) == [record]


@pytest.mark.parametrize("compress", [False, True])
def test_every_cut_is_named(tmp_path: Path, compress: bool) -> None:
    path = write_examples(tmp_path / "a", [FEATURES, FEATURES], compress)
    whole = path.read_bytes()
    one = len(frame(example(FEATURES)))
    for length in range(1, len(whole), 7):
        if length == one and not compress:
            continue  # Between two records: nothing says that there was another.
        path.write_bytes(whole[:length])
        with pytest.raises(BadArgument, match=r"a (record \d is cut off|is damaged)"):
            list(read_records(path))
    path.write_bytes(b"")
    assert list(read_records(path)) == []


def test_every_flipped_byte_is_seen(tmp_path: Path) -> None:
    path = write_examples(tmp_path / "a", [FEATURES])
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 64]) + whole[at + 1 :])
        with pytest.raises(BadArgument, match=r"record 0: (the|its) checksum"):
            list(read_records(path))


def test_what_is_no_example_or_no_file_is_named(tmp_path: Path) -> None:
    endless = message(2, message(3, message(1, b"\x80")))
    for record, told in (
        (b"\x0a\xff\x01", "a field is longer than what holds it"),
        (b"\x0b", "no wire type 3"),
        (b"\x80" * 11, "more than ten bytes"),
        (message(1, message(1, message(1, b"\xff"))), "utf-8"),
        (message(1, message(1, message(1, b"n") + endless)), "a number has no end"),
        (b"\x08\x01", "field 1 is no message"),
    ):
        with pytest.raises(BadArgument, match=f"here is no tf.train.Example.*{told}"):
            parse_example(record, "here")
    with pytest.raises(BadArgument, match=r"cannot read .*nowhere: No such file"):
        list(read_records(tmp_path / "nowhere"))
    (tmp_path / "text").write_bytes(b"This is a text of more than twelve letters.")
    with pytest.raises(BadArgument, match=r"text record 0: .* is it a TFRecord\?"):
        list(read_records(tmp_path / "text"))
