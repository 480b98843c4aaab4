"""A browser: a question, what it suggests, and what it finds."""

from __future__ import annotations

from collections.abc import Sequence

from .sheet import FAINT, HEIGHT, INK, MARGIN, NAVIGATION, STATUS, WHITE, WIDTH, Sheet

TONE = (28, 138, 160)
LINKS = ("News", "Weather", "Sports", "Recipes", "Travel", "Books", "Games", "Wiki")


def start(clock: str) -> Sheet:
    """The page that the browser opens with."""
    sheet = Sheet(WHITE, clock)
    sheet.sign("globe", WIDTH // 2, STATUS + 420, 240, TONE)
    bar = (MARGIN, STATUS + 660, WIDTH - MARGIN, STATUS + 810)
    sheet.field("Search or type a web address", "", bar, key="address")
    for number, name in enumerate(LINKS):
        x, y = 174 + number % 4 * 244, STATUS + 1020 + number // 4 * 330
        sheet.round(x, y, 80, (232, 240, 244))
        sheet.words(name[0], x, y, 74, TONE, "mm")
        sheet.words(name, x, y + 130, 38, FAINT, "mm")
        sheet.element((x - 110, y - 90, x + 110, y + 160), "FrameLayout", "", name, "clickable",
                      "long-clickable", key=f"link {name}")  # fmt: skip
    return sheet


def asking(clock: str, question: str = "", suggestions: Sequence[str] = ()) -> Sheet:
    """A question being typed."""
    sheet = Sheet(WHITE, clock)
    bar = (MARGIN, STATUS + 40, WIDTH - MARGIN, STATUS + 190)
    sheet.field("Search or type a web address", question, bar, key="address", focused=True)
    for number, suggestion in enumerate(suggestions):
        y = STATUS + 300 + number * 160
        sheet.sign("search", 110, y, 54, FAINT)
        sheet.words(suggestion, 190, y, 46, widest=WIDTH - 300)
        sheet.element((0, y - 78, WIDTH, y + 78), "ListItem", suggestion, "", "clickable",
                      key=f"suggestion {number}")  # fmt: skip
    sheet.keyboard()
    return sheet


def results(clock: str, question: str, found: Sequence[tuple[str, str]], first: int = 0) -> Sheet:
    """What was found.

    Args:
        clock: the time.
        question: what was asked.
        found: title and first line of each page.
        first: the first that is in sight.
    """
    sheet = Sheet(clock=clock)
    bar = (MARGIN, STATUS + 40, WIDTH - MARGIN, STATUS + 180)
    sheet.field("Search or type a web address", question, bar, key="address")
    area = (0, STATUS + 220, WIDTH, HEIGHT - NAVIGATION)
    sheet.element(area, "WebView", "", "", "scrollable", key="page")
    for place, (title, line) in enumerate(found[first : first + 5]):
        top = area[1] + 20 + place * 396
        box = (MARGIN, top, WIDTH - MARGIN, top + 366)
        sheet.rounded(box, 40, WHITE)
        host = title.split(" ")[0].lower().strip(":") + ".example"
        sheet.round(MARGIN + 70, top + 66, 34, (214, 228, 236))
        sheet.words(host[0], MARGIN + 70, top + 67, 36, TONE, "mm")
        sheet.label(host, MARGIN + 126, top + 66, 36, FAINT)
        box_title = (MARGIN, top + 110, WIDTH - MARGIN, top + 200)
        sheet.words(title, MARGIN + 36, top + 156, 52, (38, 78, 178), widest=900)
        sheet.element(box_title, "Link", title, "", "clickable", key=f"result {first + place}")
        sheet.label(line, MARGIN + 36, top + 240, 42, INK, widest=900)
        sheet.label("Read more", MARGIN + 36, top + 306, 36, FAINT)
    return sheet


def article(clock: str, title: str, lines: Sequence[str]) -> Sheet:
    """A page."""
    sheet = Sheet(WHITE, clock)
    sheet.top_bar(title.split(" ")[0].lower().strip(":") + ".example")
    sheet.gradient((0, STATUS + 180, WIDTH, STATUS + 640), (120, 176, 196), (230, 214, 186))
    sheet.sign("picture", WIDTH // 2, STATUS + 410, 200, WHITE)
    sheet.label(title, MARGIN, STATUS + 750, 66, bold=True, widest=WIDTH - 2 * MARGIN)
    for number, line in enumerate(lines):
        sheet.label(line, MARGIN, STATUS + 870 + number * 80, 44, widest=WIDTH - 2 * MARGIN)
    return sheet
