"""A mail program: the inbox, a message, and a message being written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .sheet import AVATARS, FAINT, HEIGHT, INK, MARGIN, NAVIGATION, STATUS, WHITE, WIDTH, Sheet

TONE = (214, 72, 66)
PITCH = 216
"""From message to message [px]."""

VISIBLE = 9
"""Messages that are in sight."""


class Letter(NamedTuple):
    """A message.

    Attributes:
        sender: who wrote it.
        subject: what it is about.
        opening: how it begins.
        time: when it came.
    """

    sender: str
    subject: str
    opening: str
    time: str


def inbox(
    clock: str, letters: Sequence[Letter], first: int = 0, chosen: int | None = None,
    starred: frozenset[int] = frozenset(),
) -> Sheet:  # fmt: skip
    """The inbox.

    Args:
        clock: the time.
        letters: all of them, the latest first.
        first: the first that is in sight.
        chosen: the one that a long press has marked.
        starred: those with a star.
    """
    sheet = Sheet(clock=clock)
    top = STATUS + 40
    if chosen is None:
        bar = (MARGIN, top, WIDTH - MARGIN, top + 130)
        sheet.rounded(bar, 65, (232, 236, 246))
        sheet.sign("search", 116, top + 65, 54, FAINT)
        sheet.words("Search in mail", 172, top + 67, 44, FAINT)
        sheet.element(bar, "EditText", "Search in mail", "", "clickable", key="search")
        sheet.round(WIDTH - 118, top + 65, 46, AVATARS[2])
        sheet.words("R", WIDTH - 118, top + 66, 46, WHITE, "mm", bold=True)
    else:
        sheet.tool("close", 90, top + 65, "Clear selection", key="clear")
        sheet.label("1", 180, top + 65, 54)
        sheet.tool("trash", WIDTH - 260, top + 65, "Delete", key="delete")
        sheet.tool("dots", WIDTH - 100, top + 65, "More options", key="more")
    sheet.label("Inbox", MARGIN + 10, top + 200, 38, FAINT)
    area = (0, top + 240, WIDTH, HEIGHT - NAVIGATION)
    sheet.element(area, "RecyclerView", "", "", "scrollable", key="list")
    for place, number in enumerate(range(first, min(first + VISIBLE, len(letters)))):
        _row(sheet, letters[number], number, area[1] + place * PITCH, number == chosen,
             number in starred)  # fmt: skip
    if chosen is None:
        sheet.action_button("pencil", "Compose", TONE, key="compose")
    return sheet


def _row(sheet: Sheet, letter: Letter, number: int, top: int, chosen: bool, starred: bool) -> None:
    box = (0, top, WIDTH, top + PITCH)
    if chosen:
        sheet.rounded((16, top + 4, WIDTH - 16, top + PITCH - 4), 36, (222, 230, 250))
    flags = ("clickable", "long-clickable", *(("selected",) if chosen else ()))
    said = f"{letter.sender}, {letter.subject}, {letter.time}"
    sheet.element(box, "ViewGroup", "", said, *flags, key=f"letter {number}")
    middle = top + PITCH // 2
    sheet.round(
        122, middle, 62, (62, 98, 214) if chosen else AVATARS[sum(map(ord, letter.sender)) % 5]
    )
    if chosen:
        sheet.sign("check", 122, middle, 60, WHITE)
    else:
        sheet.words(letter.sender[0], 122, middle + 2, 58, WHITE, "mm")
    sheet.label(letter.sender, 220, top + 50, 46, bold=True, widest=600)
    sheet.label(letter.time, WIDTH - MARGIN, top + 50, 34, FAINT, anchor="rm")
    sheet.label(letter.subject, 220, top + 108, 42, widest=700)
    sheet.label(letter.opening, 220, top + 162, 38, FAINT, widest=640)
    tone = (232, 170, 36) if starred else (198, 202, 212)
    sheet.tool("star", WIDTH - 82, top + 138, "Starred" if starred else "Not starred", tone,
               key=f"star {number}", reach=52)  # fmt: skip


def letter(clock: str, message: Letter, body: Sequence[str]) -> Sheet:
    """A message, opened."""
    sheet = Sheet(WHITE, clock)
    sheet.tool("arrow", 90, STATUS + 84, "Navigate up", key="up")
    sheet.tool("trash", WIDTH - 260, STATUS + 84, "Delete", key="delete")
    sheet.tool("dots", WIDTH - 100, STATUS + 84, "More options", key="more")
    sheet.label(message.subject, MARGIN, STATUS + 240, 64, widest=WIDTH - 2 * MARGIN)
    sheet.round(112, STATUS + 380, 60, AVATARS[sum(map(ord, message.sender)) % 5])
    sheet.words(message.sender[0], 112, STATUS + 382, 56, WHITE, "mm")
    sheet.label(message.sender, 204, STATUS + 356, 46, bold=True)
    sheet.label(f"to me, {message.time}", 204, STATUS + 412, 36, FAINT)
    for number, line in enumerate((message.opening, *body)):
        sheet.label(line, MARGIN, STATUS + 560 + number * 76, 44, widest=WIDTH - 2 * MARGIN)
    y = HEIGHT - NAVIGATION - 190
    sheet.button("Reply", (MARGIN, y, 520, y + 120), (232, 236, 246), INK, key="reply")
    sheet.button("Forward", (560, y, WIDTH - MARGIN, y + 120), (232, 236, 246), INK, key="forward")
    return sheet


def compose(clock: str, to: str = "", subject: str = "", focus: str = "") -> Sheet:
    """A message being written.

    Args:
        clock: the time.
        to: what stands in its address.
        subject: what stands in its subject.
        focus: ``to`` or ``subject``, which then has the keyboard.
    """
    sheet = Sheet(WHITE, clock)
    sheet.tool("arrow", 90, STATUS + 84, "Navigate up", key="up")
    sheet.label("Compose", 180, STATUS + 84, 54)
    sheet.tool("send", WIDTH - 110, STATUS + 84, "Send", TONE, key="send")
    sheet.field("To", to, (MARGIN, STATUS + 190, WIDTH - MARGIN, STATUS + 330), "to", focus == "to")
    sheet.field("Subject", subject, (MARGIN, STATUS + 370, WIDTH - MARGIN, STATUS + 510), "subject",
                focus == "subject")  # fmt: skip
    sheet.words("Write something", MARGIN + 36, STATUS + 610, 44, FAINT)
    bottom = HEIGHT - 780 if focus else HEIGHT - NAVIGATION
    sheet.element((MARGIN, STATUS + 550, WIDTH - MARGIN, bottom), "EditText", "",
                  "Write something", "clickable", "editable", key="body")  # fmt: skip
    if focus:
        sheet.keyboard()
    return sheet
