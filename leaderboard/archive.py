"""A zip file that can be written in one way only, so that any other byte in it is noticed.

Members are stored, not compressed: there is nothing to unpack, hence no bomb, and the same
contents give the same bytes whatever the version of a compressor. Every header is written by
:func:`write_archive` from names, sizes and checksums alone; :func:`read_archive` writes them
again and compares. What an ordinary zip tool makes of the same files is therefore refused.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from ..core.errors import SubmissionRefused

LARGEST = 1 << 30
"""No archive may be larger [bytes]."""

MOST_MEMBERS = 300
"""No archive may hold more files."""

LONGEST_NAME = 64
"""No name in an archive may be longer [bytes]."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_ZIP64 = struct.Struct("<4sIQI")
"""Records of the zip format (PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16, 4.3.15)."""

_VERSION = 20
"""Needed to extract: 2.0, the lowest that knows folders in names."""

_UNIX = 3 << 8
_MIDNIGHT, _NEW_YEAR_1980 = 0, 0x21
"""The earliest time that the format can hold: when it was written is not part of what it says."""

_REGULAR = 0o100644 << 16
"""An ordinary file that everybody may read, as Unix says it."""


def write_archive(members: Mapping[str, bytes]) -> bytes:
    """The one archive of these files, in the order given.

    Args:
        members: ASCII names, folders divided by ``/``, and contents.
    """
    out = io.BytesIO()
    central = bytearray()
    for name, data in members.items():
        local, entry = _headers(name, data, out.tell())
        out.write(local)
        out.write(data)
        central += entry
    end = _end(len(members), len(central), out.tell())
    out.write(central)
    out.write(end)
    return out.getvalue()


def _headers(name: str, data: bytes, offset: int) -> tuple[bytes, bytes]:
    """The header before a file, and its entry in the directory at the end."""
    raw, size, crc = name.encode("ascii"), len(data), zlib.crc32(data)
    what = (_VERSION, 0, zipfile.ZIP_STORED, _MIDNIGHT, _NEW_YEAR_1980, crc, size, size, len(raw))
    local = _LOCAL.pack(b"PK\3\4", *what, 0)
    entry = _CENTRAL.pack(b"PK\1\2", _UNIX | _VERSION, *what, 0, 0, 0, 0, _REGULAR, offset)
    return local + raw, entry + raw


def _end(count: int, size: int, offset: int) -> bytes:
    return _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)


def load(path: Path) -> bytes:
    """The bytes of a file that may be an archive.

    Raises:
        SubmissionRefused: it cannot be read, or is too large.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise SubmissionRefused(f"{path} is larger than {LARGEST >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise SubmissionRefused(f"cannot read {path}: {error.strerror or error}") from error


def read_archive(whole: bytes, path: str) -> dict[str, bytes]:
    """The files of an archive, in order; nothing is written to the disk.

    Args:
        whole: its bytes.
        path: where they come from, for the message.

    Raises:
        SubmissionRefused: it is not byte for byte what ``write_archive`` makes of its files; says
            what is wrong.
    """
    _check_end(path, whole)
    infos = _directory(path, whole)
    _check_directory(path, infos)
    members = {info.filename: _contents(path, whole, info) for info in infos}
    _check_bytes(path, whole, members)
    return members


def _check_end(path: str, whole: bytes) -> None:
    """The record at the very end is an ordinary one, and promises no more than may be there."""
    if len(whole) < _END.size or whole[-_END.size :][:4] != b"PK\5\6":
        raise SubmissionRefused(f"{path} is not a zip file that ends where its directory does")
    *_, count, size, _, comment = _END.unpack(whole[-_END.size :])
    if count > MOST_MEMBERS or size > MOST_MEMBERS * (_CENTRAL.size + LONGEST_NAME):
        raise SubmissionRefused(f"{path} lists {count} files; {MOST_MEMBERS} are the most")
    if comment or whole[: -_END.size][-_ZIP64.size :][:4] == b"PK\6\7":
        raise SubmissionRefused(f"{path} has a comment or 64-bit records, which it must not")


def _directory(path: str, whole: bytes) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise SubmissionRefused(f"{path} is not a zip file: {error}") from error


def _check_directory(path: str, infos: Sequence[zipfile.ZipInfo]) -> None:
    """Names the tricks that are known, in words of their own."""
    seen: set[str] = set()
    for info in infos:
        name = info.filename
        where = f"{path} holds {name[:LONGEST_NAME]!r}"
        parts = PurePosixPath(name).parts
        if not name.isascii() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise SubmissionRefused(f"{where}, which is not a short ASCII name")
        if ".." in parts or name.startswith("/") or "\\" in name or ":" in name:
            raise SubmissionRefused(f"{where}, a name that leads out of the folder")
        if name in seen:
            raise SubmissionRefused(f"{where} twice")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG) or info.is_dir():
            raise SubmissionRefused(f"{where}, a link, a folder or another thing than a file")
        if info.external_attr != _REGULAR:
            raise SubmissionRefused(f"{where} with other rights than 'pack' writes")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise SubmissionRefused(f"{where} compressed; files must be stored as they are")
        if info.flag_bits or info.extra or info.comment:
            raise SubmissionRefused(f"{where} encrypted or with fields of its own")
        seen.add(name)


def _contents(path: str, whole: bytes, info: zipfile.ZipInfo) -> bytes:
    start = info.header_offset + _LOCAL.size + len(info.filename)
    data = whole[start : start + info.file_size]
    if len(data) != info.file_size or zlib.crc32(data) != info.CRC:
        raise SubmissionRefused(f"{path}: {info.filename} is damaged (its checksum does not fit)")
    return data


def _check_bytes(path: str, whole: bytes, members: Mapping[str, bytes]) -> None:
    """Every byte outside the files is the one that ``write_archive`` writes there."""
    refusal = SubmissionRefused(
        f"{path} is not written as 'polyathlon leaderboard pack' writes it; pack the runs again"
    )
    at, central = 0, bytearray()
    for name, data in members.items():
        local, entry = _headers(name, data, at)
        if whole[at : at + len(local)] != local:
            raise refusal
        at += len(local) + len(data)
        central += entry
    if whole[at:] != bytes(central) + _end(len(members), len(central), at):
        raise refusal
