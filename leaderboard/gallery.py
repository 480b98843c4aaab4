"""First frames and films of a report, by family, each over the words of its episode."""

from __future__ import annotations

import textwrap
from collections import defaultdict

from ..core.episode import EpisodeResult
from ..core.errors import PolyathlonError
from ..core.journal import read_actions
from .markup import Markup, element, join
from .media import Album, Picture
from .view import RunView
from .wording import number

SAID = 60
"""Letters of a command that stand under its picture."""

FILMS = 3
"""Films of one task; episodes beyond are in a contact sheet of still pictures, but for short ones
that have a storyboard."""


def gallery(run: RunView, album: Album) -> Markup | None:
    """A figure for each episode of which pictures were taken; None where there are none."""
    return join(sections) if (sections := [*_sections(run, album)]) else None


def _sections(run: RunView, album: Album) -> list[Markup]:
    figures: dict[str, list[Markup]] = defaultdict(list)
    boards: dict[str, list[Markup]] = defaultdict(list)
    for task in run.manifest.benchmark.tasks:
        family, shown = task.partition(".")[0], 0
        cells: list[Markup] = []
        for index in range(run.manifest.benchmark.episodes_per_task):
            board = _storyboard(run, album, task, index)
            if shown >= FILMS and board is None:
                still = album.still(task, index)
                cells += [_cell(run, task, index, still)] if still is not None else []
                continue
            picture = album.picture(task, index)
            if picture is None:
                continue
            shown += 1
            figures[family].append(_figure(run, task, index, picture))
            if board is not None:
                boards[family].append(board)
        if cells:
            boards[family].append(_sheet(task, cells))
    return [
        element(
            "section",
            element("h3", family),
            element("div", *found, class_="films"),
            *boards[family],
        )
        for family, found in figures.items()
    ]


def _sheet(task: str, cells: list[Markup]) -> Markup:
    """The contact sheet of a task."""
    head = element(
        "p", element("strong", task.partition(".")[2] or task), f" · {len(cells)} more episodes"
    )
    return join([head, element("ol", *cells, class_="board")])


def _cell(run: RunView, task: str, index: int, still: str) -> Markup:
    """One episode of a contact sheet: its picture, its number, and how it ended."""
    kind, words = run.outcome_words(task, index)
    return element(
        "li",
        element("img", src=still, alt=f"{task}, {words}"),
        element("span", f"{index} · ", element("b", kind, class_=f"mark {kind}")),
    )


def _storyboard(run: RunView, album: Album, task: str, index: int) -> Markup | None:
    """Every frame of a short episode, with what was done under each; None where none are kept."""
    one = run.by_key.get((task, index))
    if one is None or one.trace is None:
        return None
    frames = album.storyboard(task, index, one.steps + 1)
    if not frames:
        return None
    captions = ["start", *_actions(run, one)]
    if len(captions) != len(frames):
        return None
    cells = [
        element("li", element("img", src=frame, alt=""), element("span", words))
        for frame, words in zip(frames, captions, strict=True)
    ]
    kind, _ = run.outcome_words(task, index)
    head = element(
        "p",
        element("strong", task.partition(".")[2] or task),
        f" · episode {index} · ",
        element("q", one.instruction) if one.instruction else None,
        " ",
        element("span", kind, class_=f"mark {kind}"),
    )
    return join([head, element("ol", *cells, class_="board")])


def _actions(run: RunView, one: EpisodeResult) -> list[str]:
    """The names of an episode's actions; empty where they have none or cannot be read."""
    body = run.manifest.spec(one.plan.task).embodiment
    names = body.action_names
    assert one.trace is not None
    try:
        if body.kind == "text":
            said = read_actions(run.directory, one.trace)
            return [textwrap.shorten(str(action), SAID, placeholder="...") for action in said]
        taken = [int(str(action)) for action in read_actions(run.directory, one.trace)]
    except (PolyathlonError, OSError, ValueError):
        return []
    known = all(0 <= action < len(names) for action in taken)
    return [names[action] for action in taken] if known else []


def _figure(run: RunView, task: str, index: int, picture: Picture) -> Markup:
    one = run.by_key.get((task, index))
    instruction = (one.instruction if one else "") or run.manifest.spec(task).instruction
    kind, words = run.outcome_words(task, index)
    details = f" · episode {index}"
    if one is not None and one.valid:
        details += f" · {one.steps} steps · return {number(one.total_reward)}"
    return element(
        "figure",
        _image(picture, f"{task}, {words}: {instruction}"),
        element(
            "figcaption",
            element("strong", task.partition(".")[2] or task),
            element("q", instruction) if instruction else None,
            element("span", kind, class_=f"mark {kind}"),
            element("span", details, class_="soft"),
        ),
    )


def _image(picture: Picture, words: str) -> Markup:
    shown = picture.still or picture.moving
    if shown is None:
        return element(
            "div", f"too large for this page: {', '.join(picture.left_out)}", class_="blank"
        )
    moving = None
    if picture.moving is not None:
        # Whoever asks for less motion sees the first frame.
        moving = element(
            "source",
            srcset=picture.moving,
            type="image/webp",
            media="(prefers-reduced-motion: no-preference)" if picture.still else None,
        )
    return element("picture", moving, element("img", src=shown, alt=words))
