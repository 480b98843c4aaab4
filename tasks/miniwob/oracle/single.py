"""Oracles of tasks that ask for a click or two."""

from __future__ import annotations

from collections.abc import Mapping

from ..gesture import click
from .view import Course, Oracle, View


def click_test(view: View) -> Course:
    """The only button."""
    yield click(view.find(tag="button").ref)


def click_named_button(view: View) -> Course:
    """The button whose label stands in quotes, or is the word after "button"."""
    label = view.quoted[0] if view.quoted else view.match(r"button (\w+)")[0]
    yield click(view.find(tag="button", text=label).ref)


def click_link(view: View) -> Course:
    """The linked word in quotes."""
    yield click(view.find(cls="alink", text=view.quoted[0]).ref)


def click_dialog(view: View) -> Course:
    """The cross of a dialog."""
    yield click(view.find(tag="button", cls="ui-dialog-titlebar-close").ref)


def focus_text(view: View) -> Course:
    """The only field."""
    yield click(view.find(tag="input_text").ref)


SINGLES: Mapping[str, Oracle] = {
    "click-test": click_test,
    "click-test-2": click_named_button,
    "click-button": click_named_button,
    "click-dialog": click_dialog,
    "click-link": click_link,
    "focus-text": focus_text,
}
