"""The home screen: apps to open, a search bar, the time."""

from __future__ import annotations

from collections.abc import Mapping

from .sheet import HEIGHT, INK, NAVIGATION, STATUS, WHITE, WIDTH, Sheet, mixed
from .stroke import Tone

APPS: Mapping[str, tuple[str, Tone]] = {
    "Mail": ("mail", (214, 72, 66)),
    "Calendar": ("calendar", (52, 110, 222)),
    "Clock": ("clock", (36, 46, 84)),
    "Settings": ("gear", (96, 104, 122)),
    "Browser": ("globe", (28, 138, 160)),
    "Notebook": ("note", (226, 162, 32)),
    "Market": ("cart", (46, 146, 84)),
    "Photos": ("picture", (148, 84, 196)),
    "Music": ("music", (226, 92, 132)),
    "Maps": ("pin", (62, 152, 96)),
    "Messages": ("message", (44, 122, 232)),
    "Camera": ("camera", (72, 78, 94)),
}
"""Icon and colour of each app."""

DOCK = ("Messages", "Mail", "Browser", "Camera")

SKIES: tuple[tuple[Tone, Tone], ...] = (
    ((32, 54, 112), (236, 150, 128)),
    ((18, 78, 98), (150, 206, 176)),
    ((60, 44, 110), (222, 132, 172)),
    ((26, 66, 128), (160, 200, 236)),
)
"""Wallpapers: the colours at the top and the bottom."""


def home(clock: str, day: str, wallpaper: int) -> Sheet:
    """The home screen.

    Args:
        clock: the time, such as ``9:41``.
        day: the date in words.
        wallpaper: number of a sky.
    """
    above, below = SKIES[wallpaper % len(SKIES)]
    sheet = Sheet(above, clock, (above, below))
    sheet.label(clock, WIDTH // 2, 330, 190, WHITE, anchor="mm")
    sheet.label(day, WIDTH // 2, 480, 52, WHITE, anchor="mm")
    bar = (72, 610, WIDTH - 72, 744)
    sheet.rounded(bar, 67, mixed(WHITE, below, 0.12))
    sheet.sign("search", 150, 677, 56, INK)
    sheet.words("Search the web", 208, 679, 46, (84, 90, 104))
    sheet.element(bar, "EditText", "Search the web", "", "clickable", key="search")
    others = [name for name in APPS if name not in DOCK]
    for number, name in enumerate(others):
        _app(sheet, name, 174 + number % 4 * 244, 960 + number // 4 * 330)
    shelf = (48, HEIGHT - NAVIGATION - 320, WIDTH - 48, HEIGHT - NAVIGATION - 50)
    sheet.rounded(shelf, 70, mixed(below, WHITE, 0.35))
    for number, name in enumerate(DOCK):
        _app(sheet, name, 174 + number * 244, shelf[1] + 135, titled=False)
    return sheet


def _app(sheet: Sheet, name: str, x: int, y: int, titled: bool = True) -> None:
    picture, tone = APPS[name]
    half = 82
    sheet.rounded((x - half, y - half, x + half, y + half), 52, tone)
    sheet.sign(picture, x, y, 88, WHITE)
    if titled:
        sheet.words(name, x, y + 126, 38, WHITE, "mm")
    box = (x - 110, y - half - 10, x + 110, y + (156 if titled else half + 10))
    sheet.element(
        box, "TextView", name if titled else "", name, "clickable", "long-clickable",
        key=f"app {name}",
    )  # fmt: skip


def loading(clock: str, name: str) -> Sheet:
    """An app that has not come up yet."""
    picture, tone = APPS[name]
    sheet = Sheet(WHITE, clock)
    x, y = WIDTH // 2, HEIGHT // 2 - 120
    sheet.rounded((x - 130, y - 130, x + 130, y + 130), 80, tone)
    sheet.sign(picture, x, y, 140, WHITE)
    sheet.element((x - 130, y - 130, x + 130, y + 130), "ImageView", "", name)
    _wheel(sheet, x, y + 300, tone)
    return sheet


def _wheel(sheet: Sheet, x: int, y: int, tone: Tone) -> None:
    """Dots in a ring, each fainter than the one before."""
    for turn, (across, down) in enumerate(
        ((0, -60), (42, -42), (60, 0), (42, 42), (0, 60), (-42, 42), (-60, 0), (-42, -42))
    ):
        sheet.round(x + across, y + down, 13, mixed(tone, WHITE, 1 - (turn + 1) / 9))
    sheet.element((x - 80, y - 80, x + 80, y + 80), "ProgressBar", "", "Loading")


def page_loading(clock: str, title: str, tone: Tone) -> Sheet:
    """A page of an app whose content has not come yet: grey where it will be."""
    sheet = Sheet(clock=clock)
    sheet.top_bar(title)
    for number in range(5):
        top = STATUS + 240 + number * 330
        sheet.rounded((48, top, 318, top + 270), 28, (232, 235, 242))
        sheet.rounded((358, top + 30, WIDTH - 120, top + 80), 20, (232, 235, 242))
        sheet.rounded((358, top + 120, WIDTH - 320, top + 164), 20, (238, 240, 246))
    _wheel(sheet, WIDTH // 2, HEIGHT // 2, tone)
    return sheet
