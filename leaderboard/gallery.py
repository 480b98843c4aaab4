"""First frames and films of a report, by family, each over the words of its episode."""

from __future__ import annotations

from collections import defaultdict

from .markup import Markup, element, join
from .media import Album, Picture
from .view import RunView
from .wording import number


def gallery(run: RunView, album: Album) -> Markup | None:
    """A figure for each episode of which pictures were taken; None where there are none."""
    return join(sections) if (sections := [*_sections(run, album)]) else None


def _sections(run: RunView, album: Album) -> list[Markup]:
    figures: dict[str, list[Markup]] = defaultdict(list)
    for task in run.manifest.benchmark.tasks:
        for index in range(run.manifest.benchmark.episodes_per_task):
            picture = album.picture(task, index)
            if picture is not None:
                figures[task.partition(".")[0]].append(_figure(run, task, index, picture))
    return [
        element("section", element("h3", family), element("div", *found, class_="films"))
        for family, found in figures.items()
    ]


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
