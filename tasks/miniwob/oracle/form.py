"""Oracles of tasks that fill in a form."""

from __future__ import annotations

from collections.abc import Mapping

from ..gesture import click, fill
from .view import Course, Oracle, View


def enter_text(view: View) -> Course:
    """One field, one button."""
    yield fill(view.find(tag="input_text").ref, view.quoted[0])
    yield click(view.find(tag="button").ref)


def login_user(view: View) -> Course:
    """A name, a password, one button."""
    yield fill(view.find(tag="input_text").ref, view.quoted[0])
    yield fill(view.find(tag="input_password").ref, view.quoted[1])
    yield click(view.find(tag="button").ref)


def click_checkboxes(view: View) -> Course:
    """The boxes beside the words that are listed, or none."""
    listed = view.match(r"Select (.*) and click Submit")[0].split(", ")
    for box in view.all(tag="input_checkbox"):
        if view.words(view.parent(box)) in listed:
            yield click(box.ref)
    yield click(view.find(tag="button").ref)


def click_option(view: View) -> Course:
    """The round button beside a word."""
    wanted = view.match(r"Select (.*) and click Submit")[0]
    for button in view.all(tag="input_radio"):
        if view.words(view.parent(button)) == wanted:
            yield click(button.ref)
    yield click(view.find(tag="button").ref)


FORMS: Mapping[str, Oracle] = {
    "enter-text": enter_text,
    "login-user": login_user,
    "click-checkboxes": click_checkboxes,
    "click-option": click_option,
}
