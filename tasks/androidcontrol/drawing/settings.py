"""The settings: a long list, and a page of switches behind each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .sheet import CARD, FAINT, HEIGHT, INK, MARGIN, NAVIGATION, STATUS, WHITE, WIDTH, Sheet
from .stroke import Tone

ROWS: Mapping[str, tuple[str, str, Tone]] = {
    "Network & internet": ("wifi", "Wi-Fi, mobile, hotspot", (52, 120, 226)),
    "Connected devices": ("phone", "Bluetooth, pairing", (30, 140, 150)),
    "Apps": ("dots", "Recent apps, default apps", (226, 140, 40)),
    "Notifications": ("bell", "History, conversations", (222, 88, 80)),
    "Battery": ("battery", "82%, until about midnight", (56, 152, 92)),
    "Display": ("sun", "Dark theme, font size", (214, 162, 34)),
    "Sound & vibration": ("sound", "Volume, ringtone", (66, 98, 200)),
    "Wallpaper & style": ("picture", "Colours, themed icons", (190, 86, 150)),
    "Privacy": ("person", "Permissions, account activity", (88, 98, 190)),
    "Location": ("pin", "On, 12 apps have access", (46, 140, 96)),
    "Do not disturb": ("moon", "Off", (92, 82, 168)),
    "About phone": ("note", "Name, version, updates", (104, 112, 130)),
}
"""Icon, second line and colour of each row."""

SWITCHES: Mapping[str, Sequence[str]] = {
    "Network & internet": ("Wi-Fi", "Mobile data", "Aeroplane mode", "Hotspot"),
    "Connected devices": ("Bluetooth", "Nearby share", "Driving mode"),
    "Notifications": ("Notification dots", "Bubbles", "Notifications on lock screen"),
    "Battery": ("Battery saver", "Adaptive battery", "Battery percentage"),
    "Display": ("Dark theme", "Adaptive brightness", "Auto-rotate", "Night light"),
    "Sound & vibration": ("Vibrate for calls", "Dial tones", "Touch sounds"),
    "Location": ("Use location", "Wi-Fi scanning", "Bluetooth scanning"),
    "Do not disturb": ("Do not disturb", "Allow calls", "Allow alarms"),
}
"""The switches behind a row."""

FIRST = 8
"""Rows that are in sight before one scrolls."""

PITCH = 186
"""From row to row [px]."""


def settings(clock: str, scrolled: bool = False) -> Sheet:
    """The list of settings, at its top or scrolled to its end."""
    sheet = Sheet(clock=clock)
    sheet.element((0, STATUS, WIDTH, HEIGHT - NAVIGATION), "RecyclerView", "", "", "scrollable",
                  key="list")  # fmt: skip
    names = list(ROWS)
    top = STATUS + 60
    if not scrolled:
        sheet.label("Settings", MARGIN, STATUS + 190, 96, bold=True)
        bar = (MARGIN, STATUS + 300, WIDTH - MARGIN, STATUS + 430)
        sheet.field("Search settings", "", bar, key="search")
        top, names = STATUS + 490, names[:FIRST]
    else:
        names = names[1:]
    for number, name in enumerate(names):
        _row(sheet, name, top + number * PITCH)
    return sheet


def _row(sheet: Sheet, name: str, top: int) -> None:
    sign, second, tone = ROWS[name]
    middle = top + PITCH // 2
    sheet.round(120, middle, 56, tone)
    sheet.sign(sign, 120, middle, 60, WHITE)
    box = (0, top, WIDTH, top + PITCH)
    sheet.element(box, "LinearLayout", "", "", "clickable", key=f"row {name}")
    sheet.label(name, 220, middle - 28, 50)
    sheet.label(second, 220, middle + 36, 38, FAINT)


def switches(clock: str, page: str, on: frozenset[str]) -> Sheet:
    """A page of switches.

    Args:
        clock: the time.
        page: a key of ``SWITCHES``.
        on: the switches that are on.
    """
    sheet = Sheet(clock=clock)
    sheet.tool("arrow", 90, STATUS + 84, "Navigate up", INK, key="up")
    sheet.label(page, MARGIN, STATUS + 260, 80, bold=True, widest=WIDTH - 2 * MARGIN)
    sign, second, tone = ROWS[page]
    card = (MARGIN, STATUS + 360, WIDTH - MARGIN, STATUS + 620)
    sheet.rounded(card, 44, CARD)
    sheet.round(card[0] + 130, card[1] + 130, 70, tone)
    sheet.sign(sign, card[0] + 130, card[1] + 130, 76, WHITE)
    sheet.label(second, card[0] + 240, card[1] + 130, 42, FAINT, widest=650)
    for number, name in enumerate(SWITCHES[page]):
        top = STATUS + 690 + number * 190
        sheet.words(name, MARGIN + 20, top + 95, 50)
        state = "On" if name in on else "Off"
        sheet.switch(name in on, (MARGIN, top, WIDTH - MARGIN, top + 190), f"{name}, {state}",
                     key=f"switch {name}")  # fmt: skip
    return sheet


def about(clock: str, model: str, version: str) -> Sheet:
    """What the phone says of itself."""
    sheet = Sheet(clock=clock)
    sheet.tool("arrow", 90, STATUS + 84, "Navigate up", INK, key="up")
    sheet.label("About phone", MARGIN, STATUS + 260, 80, bold=True)
    facts = {"Device name": model, "Android version": version, "Model": model,
             "Legal information": "Licences, terms", "Uptime": "31 h 12 min"}  # fmt: skip
    for number, (name, fact) in enumerate(facts.items()):
        top = STATUS + 400 + number * 200
        box = (0, top, WIDTH, top + 200)
        sheet.element(
            box, "LinearLayout", "", "", "clickable", "long-clickable", key=f"fact {name}"
        )
        sheet.label(name, MARGIN + 20, top + 66, 50)
        sheet.label(fact, MARGIN + 20, top + 132, 40, FAINT)
    return sheet
