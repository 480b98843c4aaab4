"""Oracles of tasks that ask for a click or a few."""

from __future__ import annotations

from collections.abc import Mapping

from ....core.element import Element
from ..gesture import Gesture, click, click_at, fill, scroll, wait
from .view import Course, Oracle, View


def click_test(view: View) -> Course:
    """The only button."""
    yield click(view.find(tag="button").ref)


def click_named_button(view: View) -> Course:
    """The button whose label stands in quotes, or is the word after "button"."""
    label = view.quoted[0] if view.quoted else view.match(r"button (\w+)")[0]
    yield _uncovered(view, view.find(tag="button", text=label))


def click_button_sequence(view: View) -> Course:
    """Two buttons, one after the other."""
    for label in ("ONE", "TWO"):
        yield _uncovered(view, view.find(tag="button", text=label))


def _uncovered(view: View, wanted: Element) -> Gesture:
    """A click where no other button, which may lie over this one, is hit."""
    others = [one for one in view.all(tag="button") if one.ref != wanted.ref]
    for across, down in ((0.5, 0.5), (0.15, 0.15), (0.85, 0.15), (0.15, 0.85), (0.85, 0.85)):
        x, y = wanted.left + across * wanted.width, wanted.top + down * wanted.height
        if not any(_covers(one, x, y) for one in others):
            return click(wanted.ref) if across == 0.5 else click_at(x, y)
    return click(wanted.ref)


def _covers(one: Element, x: float, y: float) -> bool:
    inside = one.left <= x <= one.left + one.width
    return inside and one.top <= y <= one.top + one.height


def click_link(view: View) -> Course:
    """The linked word in quotes."""
    yield click(view.find(cls="alink", text=view.quoted[0]).ref)


def click_dialog(view: View) -> Course:
    """The cross of a dialog."""
    yield click(view.find(tag="button", cls="ui-dialog-titlebar-close").ref)


def click_dialog_2(view: View) -> Course:
    """A button of a dialog; "x" is its cross."""
    if view.quoted[0] == "x":
        yield from click_dialog(view)
    else:
        yield click(view.find(tag="button", text=view.quoted[0]).ref)


def focus_text(view: View) -> Course:
    """The only field."""
    yield click(view.find(tag="input_text").ref)


def focus_text_2(view: View) -> Course:
    """The field of that number, from above."""
    yield click(view.all(tag="input_text")[view.ordinal - 1].ref)


def ascending_numbers(view: View) -> Course:
    """Numbers anywhere, from the least to the greatest; with the first click all are covered."""
    for number in sorted(view.all(tag="text"), key=lambda one: int(one.text)):
        yield click_at(*number.centre)


def buy_ticket(view: View) -> Course:
    """The offer that costs or lasts the least, or the most."""
    superlative, what = view.match(r"with the (.+) (\w+)\.")
    offers = []
    for flight in view.all(cls="flight"):
        button = view.find(tag="button", inside=flight)
        spoken = view.words(view.find(cls="time-duration", inside=flight))
        hours, minutes = (int(part[:-1]) for part in spoken.split())
        price = float(button.text.rpartition("$")[2])
        offers.append((price if what == "cost" else hours * 60 + minutes, button.ref))
    least = superlative in ("cheapest", "shortest", "lowest", "least")
    yield click((min if least else max)(offers)[1])


def click_widget(view: View) -> Course:
    """Any control of a kind."""
    kind = view.quoted[0]
    tag = kind if kind in ("textarea", "button") else f"input_{kind}"
    yield click(view.find(tag=tag).ref)


def grid_coordinate(view: View) -> Course:
    """A point that is called by its place."""
    yield click(view.find(tag="circle", id=view.match(r"(\(-?\d,-?\d\))")[0]).ref)


def identify_shape(view: View) -> Course:
    """The button that says what is drawn."""
    drawn = next(one for one in view.elements if view.parent_tag(one) == "svg")
    label = {"circle": "Circle", "rect": "Rectangle", "polygon": "Triangle"}.get(drawn.tag)
    if label is None:
        label = "Number" if drawn.text.isdigit() else "Letter"
    yield click(view.find(tag="button", text=label).ref)


def generate_number(view: View) -> Course:
    """Draws until the number is small, large, odd or even as asked, or of another kind."""
    task = view.instruction
    while True:
        yield click(view.find(id="generate").ref)
        shown = view.find(id="display-number").text
        number = float(shown)
        if "less than" in task:
            good = number < float(view.match(r"less than (-?[\d.]+)")[0])
        elif "greater than" in task:
            good = number > float(view.match(r"greater than (-?[\d.]+)")[0])
        else:
            good = number % 2 == ("odd" in task)
        if good:
            break
    yield click(view.find(id="submit").ref)


def odd_or_even(view: View) -> Course:
    """A mark beside each number."""
    for row in view.all(cls="row"):
        number = int(view.find(cls="display-number", inside=row).text)
        yield click(view.find(cls="odd" if number % 2 else "even", inside=row).ref)
    yield click(view.find(id="submit").ref)


def sign_agreement(view: View) -> Course:
    """Reads to the end and signs, then agrees or cancels; or cancels at once."""
    if "Click the cancel button" in view.instruction:
        yield click(view.find(id="cancel").ref)
        return
    x, y = view.find(tag="textarea").centre
    yield scroll(x, y, 0, 10_000)
    while view.find(tag="input_text").disabled:
        yield wait()
    yield fill(view.find(tag="input_text").ref, view.quoted[0])
    yield click(view.find(tag="button", text=view.quoted[1]).ref)


SINGLES: Mapping[str, Oracle] = {
    "ascending-numbers": ascending_numbers,
    "buy-ticket": buy_ticket,
    "click-button": click_named_button,
    "click-button-sequence": click_button_sequence,
    "click-dialog": click_dialog,
    "click-dialog-2": click_dialog_2,
    "click-link": click_link,
    "click-test": click_test,
    "click-test-2": click_named_button,
    "click-test-transfer": click_named_button,
    "click-widget": click_widget,
    "focus-text": focus_text,
    "focus-text-2": focus_text_2,
    "generate-number": generate_number,
    "grid-coordinate": grid_coordinate,
    "identify-shape": identify_shape,
    "odd-or-even": odd_or_even,
    "sign-agreement": sign_agreement,
    "unicode-test": click_named_button,
}
