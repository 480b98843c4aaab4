"""JSON from strangers: plain values first, then a type, then the one form that may stand there."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from ..core.errors import SubmissionRefused
from ..core.specs import canonical_json
from .foreign_text import check_all_text

Read = TypeVar("Read", bound=msgspec.Struct)


def plain_json(raw: bytes, where: str) -> Any:
    """JSON as plain values, without NaN, hidden characters, and deep nests.

    Args:
        raw: what a stranger wrote.
        where: the file, for the message.

    Raises:
        SubmissionRefused: it is not JSON, or holds one of them.
    """
    try:
        plain = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SubmissionRefused(f"{where} is not JSON: {error}") from error
    except RecursionError as error:
        raise SubmissionRefused(f"{where} is nested too deep") from error
    check_all_text(plain, where)
    return plain


def converted(plain: Any, kind: type[Read], where: str) -> Read:
    """Plain values as a type.

    Raises:
        SubmissionRefused: they are none of it; says which field.
    """
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise SubmissionRefused(f"{where}: {error}") from error


def hold_to_form(raw: bytes, value: Read, where: str) -> Read:
    """The value, if its one canonical form is what stands there.

    That leaves no room for unknown or doubled fields, nor for an older form of the same.

    Raises:
        SubmissionRefused: something else stands there; says from which byte on.
    """
    due = canonical_json(value)
    if raw != due:
        at = next((i for i, (a, b) in enumerate(zip(raw, due, strict=False)) if a != b), len(due))
        raise SubmissionRefused(
            f"{where} is not in its canonical form from byte {at} on (an unknown, missing or "
            "doubled field, other spacing, or another spelling of a number)"
        )
    return value
