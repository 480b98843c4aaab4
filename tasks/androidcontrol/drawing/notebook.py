"""A notebook: notes as cards, and one being written."""

from __future__ import annotations

from collections.abc import Sequence

from .sheet import FAINT, HEIGHT, INK, MARGIN, NAVIGATION, STATUS, WIDTH, Sheet
from .stroke import Tone

TONE = (226, 162, 32)
PAPERS: tuple[Tone, ...] = (
    (255, 243, 205), (214, 236, 250), (222, 244, 224), (250, 224, 228), (234, 226, 248),
)  # fmt: skip


def notes(
    clock: str, written: Sequence[tuple[str, str]], first: int = 0, chosen: int | None = None
) -> Sheet:
    """The notes.

    Args:
        clock: the time.
        written: title and first line of each.
        first: the first that is in sight.
        chosen: the one that a long press has marked.
    """
    sheet = Sheet(clock=clock)
    if chosen is None:
        sheet.label("Notebook", MARGIN, STATUS + 100, 72, bold=True)
        sheet.tool("search", WIDTH - 110, STATUS + 100, "Search notes", key="search")
    else:
        sheet.tool("close", 90, STATUS + 100, "Clear selection", key="clear")
        sheet.label("1 selected", 180, STATUS + 100, 52)
        sheet.tool("trash", WIDTH - 110, STATUS + 100, "Delete note", key="delete")
    area = (0, STATUS + 210, WIDTH, HEIGHT - NAVIGATION)
    sheet.element(area, "RecyclerView", "", "", "scrollable", key="list")
    for place, number in enumerate(range(first, min(first + 8, len(written)))):
        title, line = written[number]
        row, column = divmod(place, 2)
        left, top = MARGIN + column * 504, area[1] + row * 480
        box = (left, top, left + 480, top + 450)
        if number == chosen:
            sheet.rounded((left - 8, top - 8, left + 488, top + 458), 52, (62, 98, 214))
        sheet.rounded(box, 46, PAPERS[number % len(PAPERS)])
        flags = ("clickable", "long-clickable", *(("selected",) if number == chosen else ()))
        sheet.element(box, "CardView", "", title, *flags, key=f"note {title}")
        sheet.label(title, left + 36, top + 70, 48, bold=True, widest=410)
        sheet.label(line, left + 36, top + 150, 40, FAINT, widest=410)
    if chosen is None:
        sheet.action_button("plus", "New note", TONE, key="new")
    return sheet


def note(clock: str, title: str = "", text: str = "", focus: str = "") -> Sheet:
    """A note being written.

    Args:
        clock: the time.
        title: what stands in its title.
        text: what stands below.
        focus: ``title`` or ``text``, which then has the keyboard.
    """
    sheet = Sheet(PAPERS[0], clock)
    sheet.tool("arrow", 90, STATUS + 84, "Back, saved by itself", INK, key="up")
    sheet.tool("star", WIDTH - 110, STATUS + 84, "Pin", INK, key="pin")
    for name, shown, top, size in (
        ("title", title, STATUS + 190, 70),
        ("text", text, STATUS + 350, 50),
    ):
        hint = "Title" if name == "title" else "Note"
        sheet.words(shown or hint, MARGIN + 10, top + 64, size, INK if shown else FAINT, widest=940)
        if focus == name and not shown:
            sheet.rounded((MARGIN, top + 24, MARGIN + 5, top + 104), 0, (62, 98, 214))
        flags = ("clickable", "editable", *(("focused",) if focus == name else ()))
        box = (MARGIN, top, WIDTH - MARGIN, top + 130)
        sheet.element(box, "EditText", shown, hint, *flags, key=name)
    if focus:
        sheet.keyboard()
    return sheet
