"""Oracles of mail and of short messages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ....core.element import Element
from ..gesture import click, fill
from .view import Course, NotFound, Oracle, View

DELETE, STAR, FORWARD, REPLY = "delete", "star", "forward", "reply"


def email_inbox(view: View) -> Course:
    """Deletes, marks, forwards or answers what somebody wrote."""
    kind, sender, told = _errand(view)
    thread = next(
        (one for one in view.all(cls="email-thread") if _sender(view, one) == sender), None
    )
    if thread is None:
        raise NotFound(f"no mail by {sender!r}")
    yield click(view.find(cls="email-sender", inside=thread).ref)
    if kind == DELETE:
        yield click(view.find(cls="trash").ref)
    elif kind == STAR:
        yield click(view.find(cls="star").ref)
    elif kind == FORWARD:
        yield click(view.find(cls="email-forward").ref)
        yield fill(view.find(cls="forward-sender").ref, told)
        yield click(view.find(id="send-forward").ref)
    else:
        yield click(view.find(cls="email-reply").ref)
        yield fill(view.find(id="reply-text").ref, told)
        yield click(view.find(id="send-reply").ref)


def _sender(view: View, thread: Element) -> str:
    return view.find(cls="email-sender", inside=thread).text


def _errand(view: View) -> tuple[str, str, str]:
    """What to do, with whose mail, and with which name or text.

    The requests that people wrote down have no fixed form: the text of an answer is in quotes,
    and whose mail it is about is the name in the inbox that is spoken of as a sender. Five of them
    (``email-inbox-nl/templates.js``) have the two names the wrong way round: where both have
    written, the page wants what its words do not say, and this fails.
    """
    before, _, rest = view.instruction.partition('"')
    quoted, _, after = rest.rpartition('"')
    said = before + after
    senders = sorted({one.text for one in view.all(cls="email-sender")}, key=len, reverse=True)
    named = [one for one in senders if re.search(rf"\b{re.escape(one)}", said, re.IGNORECASE)]
    if not named:
        raise NotFound(f"{view.instruction!r} speaks of nobody whose mail is here")
    sender = named[0] if len(named) == 1 else _spoken_of(said, named)
    if quoted:
        return REPLY, sender, quoted
    if re.search(DELETION, said, re.IGNORECASE):
        return DELETE, sender, ""
    if re.search(MARKING, said, re.IGNORECASE):
        return STAR, sender, ""
    others = [
        word
        for word in re.findall(r"[A-Z][a-zA-Z-]*[a-z]", said)
        if word != sender and word not in OPENINGS
    ]
    if not others:
        raise NotFound(f"{view.instruction!r} does not say to whom")
    return FORWARD, sender, others[-1]


def _spoken_of(said: str, names: list[str]) -> str:
    """Of several names that of the sender."""
    for form in SENDING:
        for name in names:
            if re.search(form.format(re.escape(name)), said, re.IGNORECASE):
                return name
    return names[0]


SENDING = (r"\b(?:from|by) {}\b", r"\b{} (?:wrote|sent)\b", r"\b{}'?s\b")
"""How a sender is spoken of, the surest form first."""

DELETION = r"\b(?:delete|deleted|get rid|remove|trash|erase|recycling)\b"
MARKING = r"\b(?:important|importance|star|starred)\b"

OPENINGS = frozenset(
    "Can Email Find Forward Foward Give Locate Look Make Open Please Pull Remind Resend Search"
    " Primary Send Take Tell The Will You Would Could Get In Retrieve Share Pass Need Mail".split()
)
"""Words with a capital that are no names."""

ACTIONS: Mapping[str, str] = {
    "Reply": "reply", "Retweet": "retweet", "Like": "like", "Share": "share",
}  # fmt: skip
"""Buttons of a post by their names."""


def social_media(view: View) -> Course:
    """A button of one post; rarer ones are behind three dots."""
    user, label = view.match(r'For the user (@\w+), click on the "(.*)" button')
    yield from _press(view, _posts(view, user)[0], label)


def social_media_all(view: View) -> Course:
    """A button of every post by somebody."""
    label, user = view.match(r'Click the "(.*)" button on all posts by (@\w+) and')
    for post in _posts(view, user):
        yield from _press(view, post, label)
    yield click(view.find(tag="button").ref)


def social_media_some(view: View) -> Course:
    """A button of so many posts by somebody."""
    label, count, user = view.match(r'Click the "(.*)" button on (\d+) posts? by (@\w+) and')
    for post in _posts(view, user)[: int(count)]:
        yield from _press(view, post, label)
    yield click(view.find(tag="button").ref)


def _posts(view: View, user: str) -> list[Element]:
    return [
        post
        for post in view.all(cls="media")
        if view.find(cls="username", inside=post).text == user
    ]


def _press(view: View, post: Element, label: str) -> Course:
    if label in ACTIONS:
        yield click(view.find(cls=ACTIONS[label], inside=post).ref)
        return
    yield click(view.find(cls="more", inside=post).ref)
    yield click(view.find(inside=post, where=lambda one: one.text.startswith(label)).ref)


MESSAGES: Mapping[str, Oracle] = {
    **dict.fromkeys(
        (
            "email-inbox", "email-inbox-delete", "email-inbox-forward", "email-inbox-forward-nl",
            "email-inbox-forward-nl-turk", "email-inbox-important", "email-inbox-nl-turk",
            "email-inbox-noscroll", "email-inbox-reply", "email-inbox-star-reply",
        ),
        email_inbox,
    ),
    "social-media": social_media,
    "social-media-all": social_media_all,
    "social-media-some": social_media_some,
}  # fmt: skip
