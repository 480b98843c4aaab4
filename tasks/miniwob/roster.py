"""Every task of the miniwob package, as data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from ...core.errors import UnknownName

OFFERED = ("rgb", "instruction", "dom")
"""Fields that a task can offer as observation."""

SIZE = (210, 160)
"""Height and width of the part of a page that holds the task [px]; the package's
``constants.py``."""

FLIGHT_SIZE = (667, 375)
"""The same of the flight tasks, which are pages for telephones [px]."""

USUAL_LIMIT = 10
"""Time that a page gives unless it says otherwise [s]; ``core.EPISODE_MAX_TIME``."""


class Chore(msgspec.Struct, frozen=True, kw_only=True):
    """One task.

    Attributes:
        name: the package's.
        limit: the page's own time limit [s].
        threshold: the raw reward from which on it counts as done.
        size: height and width of the task's part of the page [px].
        reload: load the page anew for every episode: it carries something over to the next.
    """

    name: str
    limit: int = USUAL_LIMIT
    threshold: float = 1.0
    size: tuple[int, int] = SIZE
    reload: bool = False


_LIMITS: Mapping[int, str] = {
    7: "use-colorwheel use-colorwheel-2",
    10: """ascending-numbers bisect-angle buy-ticket choose-list circle-center click-button
        click-button-sequence click-checkboxes click-checkboxes-soft click-checkboxes-transfer
        click-collapsible click-collapsible-2 click-collapsible-2-nodelay
        click-collapsible-nodelay click-color click-dialog click-dialog-2 click-link click-menu
        click-menu-2 click-option click-pie click-pie-nodelay click-shape click-tab click-tab-2
        click-tab-2-easy click-tab-2-medium click-test click-test-2 click-test-transfer
        click-widget copy-paste copy-paste-2 count-shape count-sides drag-box drag-circle
        drag-items drag-items-grid drag-single-shape drag-sort-numbers draw-circle draw-line
        enter-text enter-text-2 enter-text-dynamic find-greatest find-midpoint find-word
        focus-text focus-text-2 form-sequence form-sequence-2 form-sequence-3 grid-coordinate
        highlight-text highlight-text-2 identify-shape login-user navigate-tree read-table
        resize-textarea right-angle scroll-text scroll-text-2 sign-agreement simple-algebra
        simple-arithmetic stock-market tic-tac-toe unicode-test use-autocomplete
        use-autocomplete-nodelay use-slider use-spinner""",
    15: """click-scroll-list click-shades drag-cube drag-shapes enter-password generate-number
        guess-number hot-cold login-user-popup odd-or-even phone-book social-media text-editor
        text-transform visual-addition""",
    20: """choose-date choose-date-easy choose-date-medium choose-date-nodelay
        click-checkboxes-large click-tab-2-hard daily-calendar enter-date enter-time
        multi-layouts multi-orderings order-food read-table-2 search-engine social-media-all
        social-media-some terminal use-slider-2""",
    30: """book-flight book-flight-nodelay drag-shapes-2 email-inbox email-inbox-delete
        email-inbox-forward email-inbox-forward-nl email-inbox-forward-nl-turk
        email-inbox-important email-inbox-nl-turk email-inbox-noscroll email-inbox-reply
        email-inbox-star-reply number-checkboxes""",
    60: "flight.AA flight.Alaska flight.Alaska-auto",
}
"""Time limit [s] to the tasks that have it; ``EPISODE_MAX_TIME`` of their pages."""

_RELOADED = frozenset(
    """book-flight book-flight-nodelay choose-date choose-date-easy choose-date-medium
    choose-date-nodelay click-pie click-pie-nodelay drag-items drag-sort-numbers form-sequence
    form-sequence-3 hot-cold order-food scroll-text scroll-text-2 stock-market use-autocomplete
    use-autocomplete-nodelay use-colorwheel use-colorwheel-2 use-slider use-slider-2""".split()
)
"""Pages with widgets that keep something of the episode before: a calendar its month, a list its
helpers. Found by playing at random and comparing with pages that were loaded afresh."""

_THRESHOLDS: Mapping[str, float] = {
    "bisect-angle": 0.8,
    "circle-center": 0.8,
    "find-midpoint": 0.8,
    "right-angle": 0.95,
    "use-colorwheel": 0.95,
    "use-colorwheel-2": 0.95,
}
"""Where the page grades how near an answer is, and full marks are a matter of luck.

Everywhere else an answer is right at 1 and only there: pages give 0.1 for a wrong card, 0.25 for
a place that is warm, or the share of boxes that are as they should be. Of these six, the first
three accept what is a fifth of the tolerance away (of half the angle, the radius, 30 px), the
fourth an error of 4.5 degrees, the colours one of a twentieth of the range, on average of the
three channels. The grades are those of the pages; where to draw the line is this suite's choice.
"""

CHORES: Mapping[str, Chore] = MappingProxyType(
    {
        name: Chore(
            name=name,
            limit=limit,
            threshold=_THRESHOLDS.get(name, 1.0),
            size=FLIGHT_SIZE if name.startswith("flight.") else SIZE,
            reload=name in _RELOADED,
        )
        for limit, names in _LIMITS.items()
        for name in names.split()
    }
)
"""Every task by the package's name."""


def chore_of(name: str) -> Chore:
    """A task by the package's name.

    Raises:
        UnknownName: there is none.
    """
    if name not in CHORES:
        raise UnknownName("miniwob task", name, CHORES)
    return CHORES[name]
