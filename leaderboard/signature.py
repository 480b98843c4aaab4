"""Who vouches for a submission: an Ed25519 signature (RFC 8032) over its index.

The index names every other file by its hash, so that a signature over its bytes covers them all.
It says that the holder of a key packed this file, not that the episodes happened: a signed row is
``self-reported`` until it is played again. The library ``cryptography`` does the arithmetic; where
it is not installed a signature is shown as unchecked, never as good.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from ..core.errors import BadArgument, RunDirectoryError, SubmissionRefused
from ..core.files import write_atomically
from ..core.specs import canonical_json
from .foreign_text import check_name
from .result import Digest
from .submission import INDEX, SIGNATURE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CONTEXT = b"polyathlon submission signature v1\n"
"""Precedes what is signed: a signature made for anything else can never be passed off as this."""

WEAK_KEYS = frozenset(
    (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)
"""Public keys of small order, the highest bit left out: what "signs" for them signs many texts, and
nobody needs a private key for it (libsodium, ed25519_ref10.c, ``ge25519_has_small_order``)."""

SHOWN = 32
"""Hexadecimal digits of a fingerprint: 128 bits, which nobody can meet by trying keys."""

MISSING = (
    "signatures need the package 'cryptography', which is not installed. "
    'Type: pip install "polyathlon[sign]"'
)


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of ``signature.json``.

    Attributes:
        format: version of this file's format.
        algorithm: how it is made.
        public_key: the 32 bytes of the key that it is held against, in hexadecimal.
        signature: its 64 bytes, in hexadecimal.
    """

    format: Literal[1] = 1
    algorithm: Literal["ed25519"] = "ed25519"
    public_key: Digest
    signature: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}$")]


class Signer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who signed a submission, as far as this machine can tell.

    Attributes:
        state: ``unsigned``; ``signed`` by a key that nobody here knows; ``trusted``: by one that
            the list of trusted keys names; ``unchecked``: ``cryptography`` is not installed here.
        fingerprint: of the key; empty where unsigned.
        name: what the list of trusted keys calls it; else empty.
    """

    state: Literal["unsigned", "signed", "trusted", "unchecked"] = "unsigned"
    fingerprint: str = ""
    name: str = ""

    @property
    def words(self) -> str:
        """One phrase for people."""
        return {
            "unsigned": "unsigned",
            "signed": f"signed by {self.fingerprint}, a key that is not among the trusted ones",
            "trusted": f"signed by {self.name} ({self.fingerprint})",
            "unchecked": f"said to be signed by {self.fingerprint}, not checked: {MISSING}",
        }[self.state]


def fingerprint(public_key: str) -> str:
    """The beginning of the SHA-256 of a public key's bytes, in hexadecimal.

    Args:
        public_key: in hexadecimal.
    """
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:SHOWN]


def generate(path: Path) -> str:
    """Writes a new private key, which only its owner can read, and ``<path>.pub`` beside it.

    Args:
        path: of the private key: PEM, PKCS #8 (RFC 8410), as ``openssl`` reads it.

    Returns:
        The public key in hexadecimal.

    Raises:
        BadArgument: ``cryptography`` is missing, or something stands at either path.
        RunDirectoryError: the disk refused; no key is left behind.
    """
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError as error:
        raise BadArgument(MISSING) from error

    beside = path.with_name(path.name + ".pub")
    for one in (path, beside):
        if os.path.lexists(one):
            raise BadArgument(f"{one} exists; a key is never written over. Give another name")
    key = Ed25519PrivateKey.generate()
    _write_private(
        path,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    public = _public(key)
    write_atomically(beside, public.encode() + b"\n")
    return public


def _write_private(path: Path, data: bytes) -> None:
    """Never readable by others, not even for the moment before a ``chmod``."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RunDirectoryError(f"cannot write {path}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise RunDirectoryError(f"cannot write {path}: {error.strerror}") from error


def _read_private(path: Path) -> bytes:
    """The bytes of a private key that nobody but its owner can read.

    Raises:
        BadArgument: it cannot be read, is no ordinary file, or others can read it.
    """
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BadArgument(f"{path} is no ordinary file; a key is one")
            if found.st_mode & 0o077:
                raise BadArgument(
                    f"{path} is open to others (mode {stat.S_IMODE(found.st_mode):04o}); whoever "
                    f"read it can sign in your name. Make a new key, or type: chmod 600 {path}"
                )
            return file.read(1 << 16)
    except OSError as error:
        raise BadArgument(f"cannot read the key {path}: {error.strerror}") from error


def load_key(path: Path) -> Ed25519PrivateKey:
    """A private key.

    Raises:
        BadArgument: it cannot be read, is open to others, is none, or ``cryptography`` is missing.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError as error:
        raise BadArgument(MISSING) from error
    try:
        key = serialization.load_pem_private_key(_read_private(path), password=None)
    except BadArgument:
        raise
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None  # What the library says of it may quote it; nothing of a key is ever printed.
    if not isinstance(key, Ed25519PrivateKey):
        raise BadArgument(
            f"{path} is no private Ed25519 key without a password, in PEM; "
            "make one with: polyathlon leaderboard keygen KEY"
        )
    return key


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def sign(members: Mapping[str, bytes], key: Ed25519PrivateKey) -> dict[str, bytes]:
    """The files of a submission with a signature after them; an earlier one is replaced.

    The same files and key give the same bytes.
    """
    signature = Signature(
        public_key=_public(key), signature=key.sign(CONTEXT + members[INDEX]).hex()
    )
    rest = {name: data for name, data in members.items() if name != SIGNATURE}
    return {**rest, SIGNATURE: canonical_json(signature)}


def _is_weak(public_key: str) -> bool:
    """Whether it is of small order; the highest bit is the sign of the other coordinate."""
    last = int(public_key[-2:], 16) & 0x7F
    return f"{public_key[:-2]}{last:02x}" in WEAK_KEYS


def signer_of(
    index: bytes, signature: Signature | None, trusted: Mapping[str, str] | None = None
) -> Signer:
    """Who signed an index.

    Args:
        index: the bytes of ``submission.json``.
        signature: what is said to be one; None for none.
        trusted: name by public key, from ``read_trusted``.

    Raises:
        SubmissionRefused: the signature is not of this index and key.
    """
    if signature is None:
        return Signer()
    print_ = fingerprint(signature.public_key)
    if _is_weak(signature.public_key):
        raise SubmissionRefused(f"{SIGNATURE} names the key {print_}, by which anybody can sign")
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return Signer(state="unchecked", fingerprint=print_)
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.public_key))
        key.verify(bytes.fromhex(signature.signature), CONTEXT + index)
    except (InvalidSignature, ValueError) as error:
        raise SubmissionRefused(
            f"{SIGNATURE} is no signature of this {INDEX} by the key {print_}: one of the two was "
            "changed after signing"
        ) from error
    name = (trusted or {}).get(signature.public_key, "")
    return Signer(state="trusted" if name else "signed", fingerprint=print_, name=name)


def read_trusted(path: Path) -> dict[str, str]:
    """The trusted keys of a JSON file ``{"name": "public key in hexadecimal", ...}``.

    Returns:
        Name by public key.

    Raises:
        BadArgument: it cannot be read, is none, or names a key twice.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, Digest])
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadArgument(
            f'{path} is no list of trusted keys, {{"name": "public key"}}: {error}'
        ) from error
    for name in found:
        try:
            check_name(name, f"{path}: the name {name[:40]!r}")
        except SubmissionRefused as error:
            raise BadArgument(str(error)) from error
    names = {key: name for name, key in found.items()}
    if len(names) < len(found):
        raise BadArgument(f"{path} gives one key two names")
    return names
