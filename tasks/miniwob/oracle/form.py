"""Oracles of tasks that fill in a form."""

from __future__ import annotations

from collections.abc import Mapping

from ....core.element import Element
from ..gesture import click, fill, press, type_text
from .view import Course, Oracle, View


def submit(view: View) -> Course:
    """The button of a form."""
    yield click(view.find(tag="button").ref)


def enter_text(view: View) -> Course:
    """One field, one button."""
    yield fill(view.find(tag="input_text").ref, view.quoted[0])
    yield from submit(view)


def enter_text_2(view: View) -> Course:
    """The same in capitals, or without any."""
    text = view.quoted[0]
    text = text.upper() if "upper case" in view.instruction else text.lower()
    yield fill(view.find(tag="input_text").ref, text)
    yield from submit(view)


def enter_password(view: View) -> Course:
    """A password, twice."""
    for field in view.all(tag="input_password"):
        yield fill(field.ref, view.quoted[0])
    yield from submit(view)


def enter_date(view: View) -> Course:
    """A date into a field that moves on from month to day to year by itself."""
    yield fill(view.find(tag="input_date").ref, "".join(view.match(r"(\d\d)/(\d\d)/(\d{4})")))
    yield from submit(view)


def enter_time(view: View) -> Course:
    """A time into a field that moves on from hour to minute to half of the day by itself."""
    hour, minute, half = view.match(r"(\d+):(\d\d) ([AP]M)")
    yield fill(view.find(tag="input_time").ref, f"{int(hour):02}{minute}{half[0]}")
    yield from submit(view)


def login_user(view: View) -> Course:
    """A name, a password, one button."""
    yield fill(view.find(tag="input_text").ref, view.quoted[0])
    yield fill(view.find(tag="input_password").ref, view.quoted[1])
    yield from submit(view)


def login_user_popup(view: View) -> Course:
    """The same, while a window opens over the form that has to be refused."""
    for tag, text in zip(("input_text", "input_password"), view.quoted, strict=True):
        while view.find(tag=tag).value != text:
            yield from _close_popup(view)
            yield fill(view.find(tag=tag).ref, text)
    yield from _close_popup(view)
    yield click(view.find(tag="button", id="subbtn").ref)
    yield from _close_popup(view)
    yield click(view.find(tag="button", id="subbtn").ref)


def _close_popup(view: View) -> Course:
    for button in view.all(id="popup-cancel"):
        yield click(button.ref)


def click_checkboxes(view: View) -> Course:
    """The boxes beside the words that are listed, or none."""
    yield from _check(view, set(view.match(r"Select (.*) and click Submit")[0].split(", ")))


def click_checkboxes_soft(view: View) -> Course:
    """The boxes beside words that mean what the listed ones mean."""
    listed = view.match(r"Select words similar to (.*) and click Submit")[0].split(", ")
    meant = {one for word in listed for group in KIN if word in group for one in group}
    yield from _check(view, meant)


def _check(view: View, wanted: set[str]) -> Course:
    for box in view.all(tag="input_checkbox"):
        if view.words(view.parent(box)) in wanted:
            yield click(box.ref)
    yield from submit(view)


def click_option(view: View) -> Course:
    """The round button beside a word."""
    wanted = view.match(r"Select (.*) and click Submit")[0]
    for button in view.all(tag="input_radio"):
        if view.words(view.parent(button)) == wanted:
            yield click(button.ref)
    yield from submit(view)


def choose_list(view: View) -> Course:
    """A list that is shut: its options are found by typing their beginning."""
    wanted = view.match(r"Select (.*) from the list")[0]
    yield click(view.find(tag="select").ref)
    yield type_text(wanted)
    yield from submit(view)


def click_scroll_list(view: View) -> Course:
    """One or more options of a list that stands open."""
    for wanted in view.match(r"Select (.*) from the scroll list")[0].split(", "):
        yield click(view.find(tag="option", text=wanted).ref)
    yield from submit(view)


def copy_paste(view: View) -> Course:
    """All of a text, by the keys for it."""
    fields = view.all(tag="textarea")
    source = fields[view.ordinal - 1] if len(fields) > 1 else fields[0]
    yield click(source.ref)
    yield press("Control+a")
    yield press("Control+c")
    yield click(view.find(tag="input_text").ref)
    yield press("Control+v")
    yield from submit(view)


def find_word(view: View) -> Course:
    """The word of that number in a paragraph, without its full stop or comma."""
    words = view.find(tag="p").text.split()
    yield fill(view.find(tag="input_text").ref, words[view.ordinal - 1].strip(",."))
    yield from submit(view)


def scroll_text(view: View) -> Course:
    """The last word of a text."""
    last = view.find(tag="textarea").value.split()[-1].strip(",.")
    yield fill(view.find(tag="input_text").ref, last)
    yield from submit(view)


def read_table(view: View) -> Course:
    """The value beside a name."""
    name = view.match(r"value of (.*) into")[0]
    yield fill(view.find(tag="input_text").ref, _table(view)[name])
    yield from submit(view)


def read_table_2(view: View) -> Course:
    """The values beside the names that label the fields."""
    table = _table(view)
    for label in view.all(tag="label"):
        field = view.find(tag="input_text", inside=view.parent(label))
        yield fill(field.ref, table[label.text.rstrip(":")])
    yield from submit(view)


def _table(view: View) -> dict[str, str]:
    rows = (view.children(row) for row in view.all(tag="tr"))
    return {name.text: value.text for name, value in rows}


def multi_layouts(view: View) -> Course:
    """Three fields in any order and with any labels, or examples in the place of labels."""
    genre, director, year = view.match(r"for (.*) movies directed by (.*) from year (\d+)")
    labels: list[Element] = view.all(where=lambda one: bool(_field_named(one.text)))
    fields = view.all(tag="input_text")
    texts = {"genre": genre, "director": director, "year": year}
    for label, field in zip(labels, fields, strict=True):
        yield fill(field.ref, texts[_field_named(label.text)])
    yield click(view.find(where=lambda one: one.text in ("Submit", "Search", "Go!")).ref)


def _field_named(label: str) -> str:
    """Which of the three a label asks for; empty if none."""
    words = {word.strip(":") for word in label.lower().split()}
    if len(words) > 2 or words & {"search", "submit"}:
        return ""
    named = {"director": "director", "genre": "genre", "year": "year", "date": "year"}
    return next((named[word] for word in words if word in named), "")


def form_sequence_2(view: View) -> Course:
    """A round button and a field, each by its number."""
    radio, number, field = view.match(r'the (\d)\w\w radio .* number "(-?\d+)" into the (\d)')
    yield click(view.all(tag="input_radio")[int(radio) - 1].ref)
    yield fill(view.all(tag="input_text")[int(field) - 1].ref, number)
    yield from submit(view)


def form_sequence_3(view: View) -> Course:
    """A list that opens under the pointer, then a button."""
    height, label = view.match(r'Choose (.*) from the dropdown.* labeled "(.*)"')
    yield click(view.find(cls="selectric").ref)
    yield click(view.find(tag="li", text=height).ref)
    yield click(view.find(tag="button", text=label).ref)


def guess_number(view: View) -> Course:
    """By halves."""
    low, high = 0, 9
    while True:
        guess = (low + high) // 2
        yield fill(view.find(tag="input_number").ref, str(guess))
        yield from submit(view)
        if view.all(id="higher"):
            low = guess + 1
        else:
            high = guess - 1


def simple_arithmetic(view: View) -> Course:
    """The sum, difference or product of two numbers."""
    yield from _answer(view, _calculate(view.find(id="math-problem").text.partition("=")[0]))


def simple_algebra(view: View) -> Course:
    """What x is, where one of two terms is x."""
    left, _, right = view.find(id="math-problem").text.partition("=")
    first, sign, second = left.split()
    total, known = int(right), int(second if first == "x" else first)
    values = {"+": total - known, "-": total + known if first == "x" else known - total}
    yield from _answer(view, values[sign])


def visual_addition(view: View) -> Course:
    """How many blocks there are in all."""
    yield from _answer(view, len(view.all(cls="addition-block")))


def _calculate(problem: str) -> int:
    first, sign, second = problem.split()
    left, right = int(first), int(second)
    return {"+": left + right, "-": left - right, "x": left * right, "*": left * right}[sign]


def _answer(view: View, number: int) -> Course:
    yield fill(view.find(tag="input_text").ref, str(number))
    yield from submit(view)


def text_transform(view: View) -> Course:
    """Letters that are drawn awry, each an element of its own."""
    letters = view.children(view.find(id="captcha"))
    yield fill(view.find(tag="input_text").ref, "".join(one.text for one in letters))
    yield from submit(view)


def use_autocomplete(view: View) -> Course:
    """The proposal that begins, and ends, as asked."""
    start = view.match(r'starts with "([^"]*)"')[0]
    end = view.match(r'ends with "([^"]*)"')[0] if "ends with" in view.instruction else ""
    yield fill(view.find(tag="input_text").ref, start)
    fits = lambda one: one.text.startswith(start) and one.text.endswith(end)  # noqa: E731
    offered = view.all(cls="ui-menu-item-wrapper", where=fits)
    while not offered:
        yield press("Shift")
        offered = view.all(cls="ui-menu-item-wrapper", where=fits)
    yield click(offered[0].ref)
    yield click(view.find(tag="button").ref)


def use_spinner(view: View) -> Course:
    """A number, by the arrows beside its field."""
    wanted = int(view.match(r"Select (-?\d+)")[0])
    shown = int(view.find(id="spinner").value)
    arrow = "ui-spinner-up" if wanted > shown else "ui-spinner-down"
    for _ in range(abs(wanted - shown)):
        yield click(view.find(cls=arrow).ref)
    yield from submit(view)


KIN = tuple(
    frozenset(group.split())
    for group in (
        "big large huge enormous gigantic",
        "small tiny little mini petite",
        "red scarlet crimson vermillion",
        "happy cheerful joyful gleeful delighted",
        "sad unhappy sorrowful miserable tragic",
        "angry mad furious irritated",
        "evil wicked immoral sinful corrupt depraved",
        "wrong incorrect mistaken erroneous",
        "real genuine actual",
        "strange odd peculiar unusual weird",
        "stop cease halt end finish",
        "scared terrified panicked fearful frightened afraid",
        "quiet calm peaceful serene mild",
        "old aged archaic",
        "love like adore favor",
        "kill murder assassinate",
        "keep retain preserve sustain maintain",
        "hide conceal camouflage",
        "hate despise loathe detest dislike",
        "funny humorous amusing comical laughable",
        "fat fleshy plump chubby",
        "stupid dumb dull unwise",
        "delicious savory delectable appetizing",
        "cut slice carve chop",
        "brave courageous fearless",
        "begin start initiate launch",
        "answer reply response",
        "television televisions TV TVs",
        "house home houses homes",
        "fire flame fires flames",
        "pig pork swine",
        "rabbit rabbits bunny bunnies",
        "car cars automobile automobiles vehicle vehicles",
        "water",
    )
)
"""Words that the page holds to mean the same (``click-checkboxes-soft.html`` of the package)."""

FORMS: Mapping[str, Oracle] = {
    "choose-list": choose_list,
    "click-checkboxes": click_checkboxes,
    "click-checkboxes-large": click_checkboxes,
    "click-checkboxes-soft": click_checkboxes_soft,
    "click-checkboxes-transfer": click_checkboxes,
    "click-option": click_option,
    "click-scroll-list": click_scroll_list,
    "copy-paste": copy_paste,
    "copy-paste-2": copy_paste,
    "enter-date": enter_date,
    "enter-password": enter_password,
    "enter-text": enter_text,
    "enter-text-2": enter_text_2,
    "enter-text-dynamic": enter_text,
    "enter-time": enter_time,
    "find-word": find_word,
    "form-sequence-2": form_sequence_2,
    "form-sequence-3": form_sequence_3,
    "guess-number": guess_number,
    "login-user": login_user,
    "login-user-popup": login_user_popup,
    "multi-layouts": multi_layouts,
    "multi-orderings": multi_layouts,
    "read-table": read_table,
    "read-table-2": read_table_2,
    "scroll-text": scroll_text,
    "simple-algebra": simple_algebra,
    "simple-arithmetic": simple_arithmetic,
    "text-transform": text_transform,
    "use-autocomplete": use_autocomplete,
    "use-autocomplete-nodelay": use_autocomplete,
    "use-spinner": use_spinner,
    "visual-addition": visual_addition,
}
