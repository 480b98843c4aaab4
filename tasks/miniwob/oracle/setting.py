"""Oracles of tasks that set something: sliders, dates, orders, a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from ....core.element import Element
from ..gesture import click, drag, press, type_text, wait
from .view import Course, NotFound, Oracle, View


def use_slider(view: View) -> Course:
    """One slider, upright or level."""
    yield from _slide(view, "slider", "val", int(view.match(r"Select (-?\d+)")[0]))
    yield click(view.find(tag="button").ref)


def use_slider_2(view: View) -> Course:
    """Three of them."""
    for number, wanted in enumerate(view.match(r"\[(\d+),(\d+),(\d+)\]"), 1):
        yield from _slide(view, f"slider-{number}", f"val-{number}", int(wanted))
    yield click(view.find(tag="button").ref)


def form_sequence(view: View) -> Course:
    """A slider, a box, a button."""
    wanted, box = view.match(r"Select (-?\d+) with the slider, click the (\d)")
    yield from _slide(view, "slider", "val", int(wanted))
    yield click(view.all(tag="input_checkbox")[int(box) - 1].ref)
    yield click(view.find(tag="button").ref)


def _slide(view: View, slider: str, shown: str, wanted: int) -> Course:
    """Learns both ends by their keys, drags the handle near, and steps the rest by arrow keys."""

    def value() -> int:
        return int(view.find(id=shown).text)

    def handle() -> Element:
        return view.find(cls="ui-slider-handle", inside=view.find(id=slider))

    if value() == wanted:
        return
    yield click(handle().ref)
    ends = []
    for key in ("Home", "End"):
        yield press(key)
        ends.append((value(), *handle().centre))
    (low, x, y), (high, far_x, far_y) = ends
    if high > low:
        share = (wanted - low) / (high - low)
        yield drag(handle().centre, (x + share * (far_x - x), y + share * (far_y - y)))
    while value() != wanted:
        yield press("ArrowRight" if value() < wanted else "ArrowLeft")


MONTHS = (
    "January February March April May June July August September October November December"
).split()


def choose_date(view: View) -> Course:
    """Leafs through a calendar to a day."""
    month, day, year = map(int, view.match(r"(\d\d)/(\d\d)/(\d{4})"))
    yield click(view.find(id="datepicker").ref)
    yield from view.still()
    while True:
        shown = (
            int(view.find(cls="ui-datepicker-year").text),
            MONTHS.index(view.find(cls="ui-datepicker-month").text) + 1,
        )
        if shown == (year, month):
            break
        way = "prev" if shown > (year, month) else "next"
        yield click(view.find(cls=f"ui-datepicker-{way}").ref)
    yield click(view.find(cls="ui-state-default", text=str(day)).ref)
    while view.all(id="ui-datepicker-div"):
        yield wait()
    yield click(view.find(tag="button").ref)


def order_food(view: View) -> Course:
    """One of each that is named, or so many of any that everybody of a diet can eat."""
    if "one of each" in view.instruction:
        names = view.match(r"one of each item: (.*)")[0].split(", ")
    else:
        count, kind = view.match(r"Order (\d+) items that are (.*)")
        # The marks beside the dishes are pictures, of which the elements say nothing.
        names = [DISHES[kind]] * int(count)
    for name in names:
        dish = next(
            one
            for one in view.all(cls="food-item")
            if view.find(cls="item-name", inside=one).text == name
        )
        yield click(view.find(cls="add", inside=dish).ref)
    yield click(view.find(tag="button").ref)


DISHES: Mapping[str, str] = {
    "vegan": "Caesar Salad",
    "gluten-free": "Caesar Salad",
    "dairy": "Cheese wheel",
    "meat": "Chicken wings",
    "peanuts": "Spicy Thai Peanut Chicken",
}
"""A dish with each mark (``order-food.html`` of the package)."""


def stock_market(view: View) -> Course:
    """Waits for a price."""
    limit = float(view.match(r"less than \$([\d.]+)\.")[0])
    while True:
        for price in view.all(id="stock-price"):
            if float(price.text.lstrip("$")) < limit:
                yield click(view.find(id="buy").ref)
        yield wait()


def find_greatest(view: View) -> Course:
    """Turns each card, and then the one with the greatest number."""
    numbers = []
    for place in range(len(view.all(cls="card"))):
        yield click(view.all(cls="card")[place].ref)
        numbers.append(int(view.words(view.all(cls="card")[place])))
    yield click(view.all(cls="card")[numbers.index(max(numbers))].ref)
    yield click(view.find(tag="button").ref)


def terminal(view: View) -> Course:
    """Lists the files, and removes the one of that kind."""
    yield click(view.find(id="terminal").ref)
    yield type_text("ls")
    yield press("Enter")
    files = " ".join(one.text for one in view.all(cls="output")[2:]).split()
    if "no file extension" in view.instruction:
        fits = [name for name in files if "." not in name]
    else:
        extension = view.match(r"extension (\.[\w.]+\w)")[0]
        fits = [name for name in files if name.endswith(extension)]
    if not fits:
        raise NotFound(f"no such file among {files}")
    yield type_text(f"rm {fits[0]}")
    yield press("Enter")


def resize_textarea(view: View) -> Course:
    """Drags a corner of a field in or out."""
    side, size = view.match(r"the (height|width) is (smaller|larger)")
    x, y = view.find(cls="ui-resizable-se").centre
    by = 20 if size == "larger" else -20
    yield drag((x, y), (x, y + by) if side == "height" else (x + by, y))
    yield click(view.find(tag="button").ref)


SETTINGS: Mapping[str, Oracle] = {
    "choose-date": choose_date,
    "choose-date-easy": choose_date,
    "choose-date-medium": choose_date,
    "choose-date-nodelay": choose_date,
    "find-greatest": find_greatest,
    "form-sequence": form_sequence,
    "order-food": order_food,
    "resize-textarea": resize_textarea,
    "stock-market": stock_market,
    "terminal": terminal,
    "use-slider": use_slider,
    "use-slider-2": use_slider_2,
}
