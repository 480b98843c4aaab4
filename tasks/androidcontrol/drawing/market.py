"""A shop: goods in rows that go on to the right, one of them, and the cart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .sheet import CARD, FAINT, HEIGHT, INK, MARGIN, NAVIGATION, STATUS, WHITE, WIDTH, Sheet, mixed
from .stroke import Tone

TONE = (46, 146, 84)


class Ware(NamedTuple):
    """Something to be bought.

    Attributes:
        name: what it is.
        price: with its currency.
        tone: of its picture.
        sign: of its picture.
    """

    name: str
    price: str
    tone: Tone
    sign: str


def shelves(clock: str, offers: Sequence[Ware], shifted: bool = False) -> Sheet:
    """The shop's first page.

    Args:
        clock: the time.
        offers: six, of which the upper row shows the first three, and two once it is shifted.
        shifted: whether the upper row was scrolled to its end.
    """
    sheet = Sheet(clock=clock)
    bar = (MARGIN, STATUS + 40, WIDTH - 190, STATUS + 180)
    sheet.field("Search the market", "", bar, key="search")
    sheet.tool("cart", WIDTH - 100, STATUS + 110, "Cart", TONE, key="cart")
    sheet.label("Offers of the day", MARGIN, STATUS + 270, 58, bold=True)
    strip = (0, STATUS + 330, WIDTH, STATUS + 960)
    sheet.element(strip, "HorizontalScrollView", "", "Offers", "scrollable", key="offers")
    shown = offers[3:6] if shifted else offers[:3]
    start = MARGIN - (180 if shifted else 0)
    for number, ware in enumerate(shown):
        _card(
            sheet, ware, (start + number * 450, strip[1] + 10, start + number * 450 + 420, strip[3])
        )
    sheet.label("Popular", MARGIN, STATUS + 1050, 58, bold=True)
    for number, ware in enumerate(offers[6:10]):
        row, column = divmod(number, 2)
        left, top = MARGIN + column * 504, STATUS + 1120 + row * 550
        _card(sheet, ware, (left, top, left + 480, top + 526))
    return sheet


def _card(sheet: Sheet, ware: Ware, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    sheet.rounded(box, 40, CARD)
    sheet.element(box, "ViewGroup", "", f"{ware.name}, {ware.price}", "clickable",
                  key=f"ware {ware.name}")  # fmt: skip
    sheet.rounded(
        (left + 20, top + 20, right - 20, bottom - 190), 30, mixed(ware.tone, WHITE, 0.78)
    )
    sheet.sign(ware.sign, (left + right) // 2, (top + bottom - 170) // 2, 180, ware.tone)
    sheet.label(ware.name, left + 34, bottom - 130, 42, widest=right - left - 60)
    sheet.label(ware.price, left + 34, bottom - 66, 44, TONE, bold=True)


def ware(clock: str, one: Ware, in_cart: bool = False) -> Sheet:
    """One of the goods."""
    sheet = Sheet(WHITE, clock)
    sheet.tool("arrow", 90, STATUS + 84, "Navigate up", key="up")
    sheet.tool("cart", WIDTH - 100, STATUS + 84, "Cart", TONE, key="cart")
    if in_cart:
        sheet.round(WIDTH - 62, STATUS + 48, 26, (214, 72, 66))
        sheet.words("1", WIDTH - 62, STATUS + 49, 34, WHITE, "mm", bold=True)
    sheet.rounded(
        (MARGIN, STATUS + 200, WIDTH - MARGIN, STATUS + 1080), 60, mixed(one.tone, WHITE, 0.8)
    )
    sheet.sign(one.sign, WIDTH // 2, STATUS + 640, 420, one.tone)
    sheet.label(one.name, MARGIN, STATUS + 1190, 72, bold=True)
    sheet.label(one.price, MARGIN, STATUS + 1300, 66, TONE, bold=True)
    for number in range(5):
        sheet.sign("star", MARGIN + 30 + number * 64, STATUS + 1400, 54,
                   (232, 170, 36) if number < 4 else (210, 214, 222))  # fmt: skip
    sheet.label("4.0 of 5, 312 reviews", MARGIN + 350, STATUS + 1402, 40, FAINT)
    sheet.label("Arrives in two days. Returns are free.", MARGIN, STATUS + 1500, 44, INK)
    y = HEIGHT - NAVIGATION - 210
    sheet.button("In the cart" if in_cart else "Add to cart", (MARGIN, y, WIDTH - MARGIN, y + 140),
                 mixed(TONE, WHITE, 0.5) if in_cart else TONE, key="add", size=50)  # fmt: skip
    return sheet


def cart(clock: str, wares: Sequence[Ware]) -> Sheet:
    """The cart."""
    sheet = Sheet(clock=clock)
    sheet.top_bar("Cart")
    for number, one in enumerate(wares):
        top = STATUS + 220 + number * 300
        box = (MARGIN, top, WIDTH - MARGIN, top + 270)
        sheet.rounded(box, 40, CARD)
        sheet.rounded(
            (MARGIN + 24, top + 24, MARGIN + 246, top + 246), 30, mixed(one.tone, WHITE, 0.78)
        )
        sheet.sign(one.sign, MARGIN + 135, top + 135, 110, one.tone)
        sheet.element(box, "ViewGroup", "", one.name, "long-clickable", key=f"item {number}")
        sheet.label(one.name, MARGIN + 290, top + 96, 48)
        sheet.label(one.price, MARGIN + 290, top + 174, 46, TONE, bold=True)
        sheet.tool(
            "trash", WIDTH - 130, top + 135, f"Remove {one.name}", FAINT, key=f"remove {number}"
        )
    y = HEIGHT - NAVIGATION - 210
    sheet.button("Check out", (MARGIN, y, WIDTH - MARGIN, y + 140), TONE, key="check out", size=50)
    return sheet
