"""A clock: alarms with switches, and a timer."""

from __future__ import annotations

from collections.abc import Sequence

from .sheet import CARD, FAINT, HEIGHT, INK, MARGIN, NAVIGATION, STATUS, WHITE, WIDTH, Sheet

TONE = (62, 98, 214)
TABS = ("Alarm", "Clock", "Timer", "Stopwatch")


def alarms(clock: str, times: Sequence[str], on: frozenset[str]) -> Sheet:
    """The alarms.

    Args:
        clock: the time now.
        times: when they ring.
        on: those that will.
    """
    sheet = Sheet(clock=clock)
    sheet.label("Alarm", MARGIN, STATUS + 110, 80, bold=True)
    sheet.tool("dots", WIDTH - 90, STATUS + 110, "More options", key="more")
    for number, time in enumerate(times):
        top = STATUS + 240 + number * 330
        box = (MARGIN, top, WIDTH - MARGIN, top + 300)
        sheet.rounded(box, 52, CARD)
        sheet.element(box, "ViewGroup", "", f"Alarm {time}", "clickable", "long-clickable",
                      key=f"alarm {time}")  # fmt: skip
        tone = INK if time in on else FAINT
        sheet.label(time, MARGIN + 50, top + 118, 112, tone)
        sheet.label(
            "Every day" if number % 2 else "Mon, Tue, Wed, Thu, Fri",
            MARGIN + 54,
            top + 230,
            40,
            FAINT,
        )
        state = "on" if time in on else "off"
        sheet.switch(time in on, (WIDTH - 290, top + 70, WIDTH - MARGIN - 30, top + 220),
                     f"{time} {state}", key=f"switch {time}")  # fmt: skip
    _tabs(sheet, "Alarm")
    return sheet


def timer(clock: str, typed: str = "", running: bool = False) -> Sheet:
    """The timer, with what was typed."""
    sheet = Sheet(clock=clock)
    sheet.label("Timer", MARGIN, STATUS + 110, 80, bold=True)
    digits = typed.rjust(6, "0")
    said = f"{digits[:2]}h {digits[2:4]}m {digits[4:]}s"
    sheet.label(said, WIDTH // 2, STATUS + 380, 130, TONE if typed else FAINT, anchor="mm")
    if running:
        y = STATUS + 1000
        sheet.round(WIDTH // 2, y, 360, (222, 228, 246))
        sheet.round(WIDTH // 2, y, 330, (248, 249, 252))
        sheet.words(said, WIDTH // 2, y, 84, INK, "mm")
        sheet.button(
            "Pause", (WIDTH // 2 - 200, y + 460, WIDTH // 2 + 200, y + 600), TONE, key="pause"
        )
    else:
        for number, name in enumerate(
            ("1", "2", "3", "4", "5", "6", "7", "8", "9", "00", "0", "x")
        ):
            row, column = divmod(number, 3)
            x, y = WIDTH // 2 + (column - 1) * 280, STATUS + 640 + row * 260
            sheet.round(x, y, 112, (230, 234, 244))
            sheet.words(name, x, y, 70, INK, "mm")
            sheet.element((x - 112, y - 112, x + 112, y + 112), "Button", name, "", "clickable",
                          key=f"digit {name}")  # fmt: skip
        if typed:
            x, y = WIDTH // 2, HEIGHT - NAVIGATION - 320
            sheet.round(x, y, 96, TONE)
            sheet.sign("play", x + 6, y, 90, WHITE)
            sheet.element((x - 96, y - 96, x + 96, y + 96), "ImageButton", "", "Start", "clickable",
                          key="start")  # fmt: skip
    _tabs(sheet, "Timer")
    return sheet


def _tabs(sheet: Sheet, chosen: str) -> None:
    top = HEIGHT - NAVIGATION - 190
    sheet.rounded((0, top, WIDTH, HEIGHT), 0, (236, 239, 248))
    pitch = WIDTH // len(TABS)
    for number, name in enumerate(TABS):
        x = number * pitch + pitch // 2
        if name == chosen:
            sheet.rounded((x - 86, top + 24, x + 86, top + 104), 40, (206, 218, 250))
        sheet.sign(("bell", "globe", "clock", "play")[number], x, top + 64, 54, INK)
        sheet.words(name, x, top + 144, 34, INK, "mm", bold=name == chosen)
        flags = ("clickable", *(("selected",) if name == chosen else ()))
        sheet.element((x - pitch // 2, top, x + pitch // 2, HEIGHT - NAVIGATION), "Tab", name, "",
                      *flags, key=f"tab {name}")  # fmt: skip
    bar = HEIGHT - NAVIGATION // 2
    sheet.rounded((WIDTH // 2 - 150, bar - 5, WIDTH // 2 + 150, bar + 5), 5, INK)
