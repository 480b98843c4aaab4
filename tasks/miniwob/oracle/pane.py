"""Oracles of tasks where what is asked for has to be brought to light first."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from ....core.element import Element
from ..gesture import click, fill, hover, wait
from .view import Course, NotFound, Oracle, View


def click_collapsible(view: View) -> Course:
    """Opens the only section and presses what is in it."""
    yield click(view.find(tag="h3").ref)
    yield from view.still()
    yield click(view.find(tag="button").ref)


def click_collapsible_2(view: View) -> Course:
    """Opens section after section until the link is there."""
    wanted = view.quoted[0]
    for number in range(len(view.all(tag="h3"))):
        if view.all(cls="alink", text=wanted):
            break
        yield click(view.all(tag="h3")[number].ref)
        yield from view.still()
    yield click(view.find(cls="alink", text=wanted).ref)


def click_tab(view: View) -> Course:
    """A tab by its name."""
    yield click(view.find(tag="a", text=view.match(r"(Tab #\d)")[0]).ref)


def click_tab_2(view: View) -> Course:
    """Tab after tab until the link is there."""
    wanted = view.quoted[0]
    for number in range(len(view.all(tag="a", cls="ui-tabs-anchor"))):
        if view.all(cls="alink", text=wanted):
            break
        yield click(view.all(tag="a", cls="ui-tabs-anchor")[number].ref)
    yield click(view.find(cls="alink", text=wanted).ref)


def click_menu(view: View) -> Course:
    """Entry within entry of a menu."""
    yield from _choose(view, view.match(r"Select (.*)")[0].split(">"))


def _choose(view: View, path: list[str]) -> Course:
    """Points at entries until they have opened, and clicks the last."""
    for name, following in itertools.pairwise(path):
        yield hover(_entry(view, name).ref)
        while not _entries(view, following):
            yield wait()
    yield hover(_entry(view, path[-1]).ref)
    yield click(_entry(view, path[-1]).ref)


def _entry(view: View, name: str) -> Element:
    for one in _entries(view, name):
        return one
    raise NotFound(f"the menu has no entry {name!r}")


def _entries(view: View, name: str) -> list[Element]:
    return [one for one in view.all(cls="ui-menu-item-wrapper") if view.words(one) == name]


def navigate_tree(view: View) -> Course:
    """Opens folder after folder, from above, until what is looked for is there."""
    wanted, opened = view.quoted[0], set[str]()
    while not view.all(tag="span", text=wanted):
        closed = [
            view.find(tag="span", inside=one)
            for one in view.all(tag="li", cls="expandable")
            if view.find(tag="span", inside=one).text not in opened
        ]
        if not closed:
            raise NotFound(f"{wanted!r} is in no folder")
        opened.add(closed[0].text)
        yield click(closed[0].ref)
    yield click(view.find(tag="span", text=wanted).ref)


RESULTS = 3
"""Search results on a page."""


def search_engine(view: View) -> Course:
    """Searches, and clicks the result of that number."""
    yield fill(view.find(tag="input_text").ref, view.quoted[0])
    yield click(view.find(tag="button").ref)
    page, place = divmod(view.ordinal - 1, RESULTS)
    for _ in range(page):
        yield click(view.find(tag="a", text=">").ref)
    yield click(view.all(cls="search-title")[place].ref)


def phone_book(view: View) -> Course:
    """Leafs through people until the one asked for is there."""
    name, what = view.match(r"Find (.*) in the contact book and click on their (\w+)")
    while view.find(cls="name").text != name:
        yield click(view.find(tag="a", text=">").ref)
    yield click(view.find(tag="a", cls=what).ref)


PANES: Mapping[str, Oracle] = {
    "click-collapsible": click_collapsible,
    "click-collapsible-2": click_collapsible_2,
    "click-collapsible-2-nodelay": click_collapsible_2,
    "click-collapsible-nodelay": click_collapsible,
    "click-menu": click_menu,
    "click-tab": click_tab,
    "click-tab-2": click_tab_2,
    "click-tab-2-easy": click_tab_2,
    "click-tab-2-hard": click_tab_2,
    "click-tab-2-medium": click_tab_2,
    "navigate-tree": navigate_tree,
    "phone-book": phone_book,
    "search-engine": search_engine,
}
