"""A signature covers every byte, is never taken on trust, and its key never leaves its file."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest

from polyathlon.cli import main
from polyathlon.core.errors import BadArgument, SubmissionRefused
from polyathlon.core.specs import canonical_json
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.assembly import build_board
from polyathlon.leaderboard.signature import (
    CONTEXT,
    WEAK_KEYS,
    Signature,
    fingerprint,
    generate,
    load_key,
    read_trusted,
    sign,
)
from polyathlon.leaderboard.submission import INDEX, SIGNATURE
from polyathlon.leaderboard.validation import validate
from polyathlon.leaderboard.website.build import build_site

pytest.importorskip("cryptography")


@pytest.fixture
def key(tmp_path):
    generate(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def signed(members, key):
    return sign(members, load_key(key))


def ended(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["leaderboard", *map(str, arguments)])
    return caught.value.code, capsys.readouterr()


def test_who_signed_is_told(members, signed, filed, key):
    public = (key.parent / "key.pub").read_text().strip()
    assert validate(filed(members)).signer.state == "unsigned"
    path = filed(signed)
    found = validate(path)
    assert (found.signer.state, found.signer.fingerprint) == ("signed", fingerprint(public))
    assert found.submission == validate(filed(members)).submission
    known = validate(filed(signed), {public: "Ada"}).signer
    assert (known.state, known.name) == ("trusted", "Ada")
    assert validate(filed(signed), {"0" * 64: "Eve"}).signer.state == "signed"


def test_the_same_key_gives_the_same_bytes(members, signed, key):
    assert write_archive(sign(members, load_key(key))) == write_archive(signed)
    assert list(signed) == [*members, SIGNATURE]
    other = key.with_name("other")
    generate(other)
    again = sign(signed, load_key(other))
    assert list(again) == list(signed)
    assert again[SIGNATURE] != signed[SIGNATURE]


def test_a_signature_is_of_one_index_by_one_key(members, signed, filed, key):
    """Another name, another's key, a signature without its context: each is refused."""
    private = load_key(key)
    plain = json.loads(signed[SIGNATURE])
    generate(key.with_name("other"))
    other = load_key(key.with_name("other"))
    changed = [
        {**signed, INDEX: members[INDEX].replace(b"Uniform play", b"Uniform plaY")},
        {**signed, SIGNATURE: canonical_json({**plain, "public_key": public_of(other)})},
        {**signed, SIGNATURE: canonical_json({**plain, "public_key": "f" * 64})},
        {**signed, SIGNATURE: canonical_json({**plain, "signature": "0" * 128})},
        {
            **signed,
            SIGNATURE: canonical_json(
                Signature(
                    public_key=public_of(private), signature=private.sign(members[INDEX]).hex()
                )
            ),
        },
    ]
    for files in changed:
        with pytest.raises(SubmissionRefused, match="is no signature of this"):
            validate(filed(files))
    right = private.sign(CONTEXT + members[INDEX]).hex()
    assert plain["signature"] == right


def public_of(private):
    return private.public_key().public_bytes_raw().hex()


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: {**plain, "format": 2},
        lambda plain: {**plain, "algorithm": "none"},
        lambda plain: {**plain, "more": 1},
        lambda plain: {**plain, "signature": plain["signature"].upper()},
        lambda plain: {**plain, "public_key": plain["public_key"][:-2]},
        lambda plain: [],
    ],
)
def test_what_is_no_signature(signed, filed, change):
    text = canonical_json(change(json.loads(signed[SIGNATURE])))
    with pytest.raises(SubmissionRefused, match=r"signature\.json"):
        validate(filed({**signed, SIGNATURE: text}))
    with pytest.raises(SubmissionRefused, match="canonical"):
        validate(filed({**signed, SIGNATURE: signed[SIGNATURE] + b" "}))


PRIME = 2**255 - 19
CURVE = -121665 * pow(121666, -1, PRIME) % PRIME
"""Field and d of edwards25519 (RFC 8032, section 5.1)."""


def eightfold(y):
    """Eight times a point of that height on -x^2 + y^2 = 1 + d x^2 y^2."""
    square = (y * y - 1) * pow(CURVE * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if x * x % PRIME != square:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    assert x * x % PRIME == square  # It lies on the curve.
    for _ in range(3):
        both = CURVE * x * x * y * y
        x, y = (
            2 * x * y * pow(1 + both, -1, PRIME) % PRIME,
            (y * y + x * x) * pow(1 - both, -1, PRIME) % PRIME,
        )
    return x, y


def test_keys_by_which_anybody_can_sign(members, filed):
    """All eight points of small order, in every spelling; whatever is signed, they are refused."""
    for known in WEAK_KEYS:
        assert eightfold(int.from_bytes(bytes.fromhex(known), "little") % PRIME) == (0, 1)
        for last in (int(known[-2:], 16), int(known[-2:], 16) | 0x80):
            public = f"{known[:-2]}{last:02x}"
            signature = Signature(public_key=public, signature="00" * 64)
            with pytest.raises(SubmissionRefused, match="anybody can sign"):
                validate(filed({**members, SIGNATURE: canonical_json(signature)}))
    assert len({int.from_bytes(bytes.fromhex(one), "little") % PRIME for one in WEAK_KEYS}) == 5


def test_it_stands_last_and_only_once(signed, filed):
    first = {SIGNATURE: signed[SIGNATURE], **signed}
    with pytest.raises(SubmissionRefused, match="another order"):
        validate(filed(first))
    with pytest.raises(SubmissionRefused, match="are the most"):
        validate(filed({**signed, SIGNATURE: b" " * 2000}))


def test_every_changed_byte_of_a_signed_one_is_noticed(signed, filed):
    """Without its last file it is another submission, an unsigned one, and says so."""
    path = filed(signed)
    whole = path.read_bytes()
    start = whole.index(signed[SIGNATURE])
    for at in range(start - 40, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(SubmissionRefused):
            validate(path)


def test_without_the_library_nothing_is_believed(signed, filed, key, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    public = key.with_name("key.pub").read_text().strip()
    signer = validate(filed(signed), {public: "Ada"}).signer
    assert (signer.state, signer.name) == ("unchecked", "")
    assert "pip install" in signer.words
    for call in (lambda: load_key(key), lambda: generate(key.with_name("new"))):
        with pytest.raises(BadArgument, match=r"polyathlon\[sign\]"):
            call()
    assert not key.with_name("new").exists()


# Keys


def test_a_key_is_its_owner_s_alone(key):
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    for mode in (0o640, 0o604, 0o660, 0o777):
        key.chmod(mode)
        with pytest.raises(BadArgument, match="open to others"):
            load_key(key)
    key.chmod(0o400)
    assert load_key(key)


def test_a_key_is_never_written_over(key):
    before = key.read_bytes()
    with pytest.raises(BadArgument, match="never written over"):
        generate(key)
    lone = key.with_name("lone")
    lone.with_name("lone.pub").symlink_to("nowhere")
    with pytest.raises(BadArgument, match="never written over"):
        generate(lone)
    assert key.read_bytes() == before
    assert not lone.exists()


@pytest.mark.parametrize("text", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key_is_not_repeated(key, text):
    key.write_bytes(text)
    with pytest.raises(BadArgument, match="is no private Ed25519 key") as caught:
        load_key(key)
    assert "AAAA" not in str(caught.value)


def test_keys_of_other_kinds(key):
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem, pkcs8 = s.Encoding.PEM, s.PrivateFormat.PKCS8
    curve = ec.generate_private_key(ec.SECP256R1())
    locked = s.BestAvailableEncryption(b"x")
    for text in (
        curve.private_bytes(pem, pkcs8, s.NoEncryption()),
        Ed25519PrivateKey.generate().private_bytes(pem, pkcs8, locked),
    ):
        key.write_bytes(text)
        with pytest.raises(BadArgument, match="is no private Ed25519 key"):
            load_key(key)
    with pytest.raises(BadArgument, match="cannot read the key"):
        load_key(key.with_name("none"))
    with pytest.raises(BadArgument, match=r"no ordinary file|cannot read"):
        load_key(key.parent)


@pytest.mark.skipif(os.name != "posix", reason="asks openssl")
def test_openssl_reads_it(key):
    try:
        found = subprocess.run(
            ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("there is no openssl that knows Ed25519")
    assert found[-32:].hex() == key.with_name("key.pub").read_text().strip()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "is no list of trusted keys"),
        ('{"Ada": "short"}', "is no list of trusted keys"),
        (json.dumps({"<b>": "a" * 64}), "as HTML does"),
        (json.dumps({"Ada": "a" * 64, "Eve": "a" * 64}), "two names"),
    ],
)
def test_lists_that_are_none(tmp_path, text, words):
    (tmp_path / "trusted.json").write_text(text)
    with pytest.raises(BadArgument, match=words):
        read_trusted(tmp_path / "trusted.json")
    with pytest.raises(BadArgument, match="cannot read"):
        read_trusted(tmp_path / "none.json")


# The commands


def test_the_commands(run, tmp_path, capsys, monkeypatch):
    key, out = tmp_path / "my-key", tmp_path / "one.zip"
    code, told = ended(["keygen", key], capsys)
    assert code == 0
    secret = key.read_text().splitlines()[1]
    public = (tmp_path / "my-key.pub").read_text().strip()
    assert fingerprint(public) in told.out
    assert public in told.out
    texts = [told.out]
    code, told = ended(["pack", run, "--name", "A", "--out", out, "--sign", key], capsys)
    assert code == 0
    texts.append(told.out)
    packed = out.read_bytes()
    code, told = ended(["sign", out, "--key", key], capsys)
    assert code == 0
    assert out.read_bytes() == packed
    texts.append(told.out)
    (tmp_path / "trusted.json").write_text(json.dumps({"Ada Lovelace": public}))
    code, told = ended(["validate", out], capsys)
    assert f"A is signed by {fingerprint(public)}, a key that is not" in told.out
    code, told = ended(["validate", out, "--trusted", tmp_path / "trusted.json"], capsys)
    assert f"A is signed by Ada Lovelace ({fingerprint(public)})" in told.out
    monkeypatch.setenv("POLYATHLON_TRUSTED_KEYS", str(tmp_path / "trusted.json"))
    code, told = ended(["verify", out, "--sample", "1"], capsys)
    assert code == 0
    assert "A is signed by Ada Lovelace" in told.out
    assert not any(secret in text for text in [*texts, told.out, told.err])


def test_refusals_of_the_commands(members, signed, filed, key, tmp_path, capsys):
    path = filed({**signed, INDEX: members[INDEX].replace(b"Uniform", b"uniform")})
    code, told = ended(["verify", path, "--all"], capsys)
    assert code == 2
    assert "is no signature of this submission.json" in told.err
    (tmp_path / "notes.txt").write_text("my notes")
    code, told = ended(
        ["sign", filed(members), "--key", key, "--out", tmp_path / "notes.txt"], capsys
    )
    assert code == 2
    assert "left as it is" in told.err


def test_the_board_and_its_page_say_who_signed(members, signed, filed, key, tmp_path):
    public = key.with_name("key.pub").read_text().strip()
    trusted, path = {public: "Ada Lovelace"}, filed(signed)
    (source,) = build_board([path], trusted).sources
    assert (source.signer.state, source.signer.name) == ("trusted", "Ada Lovelace")
    (source,) = build_board([path]).sources
    assert (source.signer.state, source.signer.name) == ("signed", "")
    build_site([path], tmp_path / "site", trusted=trusted)
    (page,) = (tmp_path / "site").rglob("uniform-play-*.html")
    assert "Ada Lovelace" in page.read_text()
    assert fingerprint(public) in page.read_text()
    (row,) = build_board([filed(members)]).groups[0].rows
    assert row.status == "self-reported"
