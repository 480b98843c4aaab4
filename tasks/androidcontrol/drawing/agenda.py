"""A calendar: a month, its events, and an event being written."""

from __future__ import annotations

from collections.abc import Sequence

from .sheet import CARD, FAINT, HEIGHT, INK, MARGIN, STATUS, WHITE, WIDTH, Sheet

TONE = (52, 110, 222)
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def month(
    clock: str, name: str, offset: int, length: int, chosen: int,
    events: Sequence[tuple[int, str, str]],
) -> Sheet:  # fmt: skip
    """A month, with the events of one day.

    Args:
        clock: the time.
        name: of the month.
        offset: weekday of its first day; 0 is Monday.
        length: days that it has.
        chosen: the day whose events are shown.
        events: day, time and title of each.
    """
    sheet = Sheet(clock=clock)
    sheet.label(name, MARGIN, STATUS + 100, 72, bold=True)
    sheet.tool("search", WIDTH - 110, STATUS + 100, "Search", key="search")
    pitch, top = (WIDTH - 2 * MARGIN) // 7, STATUS + 240
    for column, weekday in enumerate(DAYS):
        x = MARGIN + column * pitch + pitch // 2
        sheet.words(weekday, x, top, 36, FAINT, "mm")
    busy = {day for day, _, _ in events}
    grid = (MARGIN, top + 50, WIDTH - MARGIN, top + 50 + 6 * 132)
    sheet.element(grid, "ViewPager", "", name, "scrollable", key="month")
    for day in range(1, length + 1):
        row, column = divmod(day - 1 + offset, 7)
        x, y = MARGIN + column * pitch + pitch // 2, top + 116 + row * 132
        if day == chosen:
            sheet.round(x, y, 56, TONE)
        sheet.words(str(day), x, y + 2, 46, WHITE if day == chosen else INK, "mm")
        if day in busy and day != chosen:
            sheet.round(x, y + 44, 8, (226, 124, 58))
        flags = ("clickable", *(("selected",) if day == chosen else ()))
        sheet.element((x - pitch // 2, y - 66, x + pitch // 2, y + 66), "View", str(day),
                      f"{day} {name}", *flags, key=f"day {day}")  # fmt: skip
    below = grid[3] + 70
    sheet.label(f"{chosen} {name}", MARGIN, below, 46, bold=True)
    shown = [(time, title) for day, time, title in events if day == chosen]
    for number, (time, title) in enumerate(shown):
        y = below + 60 + number * 190
        box = (MARGIN, y, WIDTH - MARGIN, y + 166)
        sheet.rounded(box, 36, CARD)
        sheet.rounded((MARGIN, y + 30, MARGIN + 12, y + 136), 6, TONE)
        sheet.element(box, "ViewGroup", "", f"{title}, {time}", "clickable", "long-clickable",
                      key=f"event {title}")  # fmt: skip
        sheet.label(title, MARGIN + 50, y + 60, 46, widest=820)
        sheet.label(time, MARGIN + 50, y + 118, 36, FAINT)
    if not shown:
        sheet.label("No events", MARGIN, below + 110, 42, FAINT)
    sheet.action_button("plus", "Create event", TONE, key="create")
    return sheet


def event(
    clock: str, day: str, title: str = "", focused: bool = False, hour: str = "10:00"
) -> Sheet:
    """An event being written."""
    sheet = Sheet(WHITE, clock)
    sheet.tool("close", 90, STATUS + 84, "Discard", key="discard")
    sheet.button("Save", (WIDTH - 290, STATUS + 30, WIDTH - MARGIN, STATUS + 140), TONE, key="save")
    sheet.field(
        "Add title", title, (MARGIN, STATUS + 220, WIDTH - MARGIN, STATUS + 380), "title", focused
    )
    for number, (sign, words) in enumerate(
        (
            ("calendar", day),
            ("clock", hour),
            ("bell", "30 minutes before"),
            ("person", "Add people"),
        )
    ):
        y = STATUS + 490 + number * 170
        if y > HEIGHT - 900 and focused:
            break
        sheet.sign(sign, 104, y, 60, FAINT)
        sheet.words(words, 190, y, 48)
        sheet.element((0, y - 80, WIDTH, y + 80), "Button", words, "", "clickable", key=sign)
        sheet.rule(y + 84, 190, WIDTH)
    if focused:
        sheet.keyboard()
    return sheet
