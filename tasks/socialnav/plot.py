"""Episodes on paper: ways with time as colour, films, and sheets of many; needs no simulator.

Early is dark and late is light, for the robot (a broad line with a dark edge) and for each person
(a thin line) alike: two lines of one colour were there at one time. Rings stand at round times.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.errors import BadArgument
from ...core.files import write_atomically
from .canvas import FAINT, INK, PAPER, Canvas, Frame, Tone, mixed, tone_at
from .log import EpisodeLog, Thing, Tracks

Floats = NDArray[np.float64]

MARGIN = 0.5
"""Room around everything that is shown [m]."""

WORDS = 150
"""A plot whose shorter side is less has no words [px]."""

MARKS = 8
"""Most rings along one way."""

STILL = 0.3
"""A group that is slower stands, and has an o-space [m/s]."""

OTHERS: Tone = (92, 104, 122)
ROBOT: Tone = (240, 112, 34)
GOAL: Tone = (28, 148, 88)
HURT: Tone = (208, 28, 44)
GROUP: Tone = (126, 108, 190)
THING: Tone = (206, 200, 188)
WALL: Tone = (58, 62, 70)

SUFFIXES = (".gif", ".webp")
"""What a film can be stored as."""


def frame_of(log: EpisodeLog) -> Frame:
    """What of the world a log needs: all ways, goals, walls and things [m]."""
    goals = log.robot.goal.pos.reshape(-1, 2)
    points = [log.robot.pos, goals, log.walls[:, :2], log.walls[:, 2:]]
    points += [thing.pos.reshape(-1, 2) for thing in log.objects]
    for crowd in (log.humans, log.agents):
        points += [crowd.pos.reshape(-1, 2), crowd.goal.reshape(-1, 2)]
    all_ = np.concatenate(points)
    all_ = all_[np.isfinite(all_).all(axis=1)]
    x0, y0 = all_.min(axis=0) - MARGIN
    x1, y1 = all_.max(axis=0) + MARGIN
    return float(x0), float(y0), float(x1), float(y1)


def outcome(log: EpisodeLog) -> str:
    """How an episode ended, in a few words."""
    kinds = [event.kind for event in log.events]
    hits = sum(kind.startswith("collision") for kind in kinds)
    words = {
        "goal": "at the goal",
        "timeout": "out of time",
        "out_of_map": "out of the map",
        "failed": "task failed",
    }
    end = next((kind for kind in kinds if kind in words), "")
    parts = [words[end]] if end else []
    if hits:
        parts.append(f"{hits} collision{'s' * (hits > 1)}")
    return ", ".join([*parts, f"{log.t[-1] - log.t[0]:.1f} s"])


def trajectories(
    log: EpisodeLog,
    size: tuple[int, int] = (400, 480),
    *,
    title: str | None = None,
    upto: int | None = None,
    frame: Frame | None = None,
    span: float | None = None,
) -> NDArray[np.uint8]:
    """The plan of an episode with everybody's way, fresh `[H, W, 3]`.

    Args:
        log: the episode, which may be unfinished.
        size: height and width [px].
        title: a line above; the scenario and how it ended, if left out.
        upto: the last step that is shown; the last there is, if left out.
        frame: what of the world is shown; see ``frame_of``. Keep the first one to make a film of
            a log that grows.
        span: the time that has the latest colour [s]; the log's last, if left out.

    Raises:
        BadArgument: there is no such step.
    """
    last = log.steps - 1 if upto is None else upto
    if not 0 <= last < log.steps:
        raise BadArgument(f"upto is {upto}; the log has the steps 0 to {log.steps - 1}")
    worded = min(size) >= WORDS
    canvas = Canvas(size, frame or frame_of(log), (24, 8, 34, 8) if worded else (2, 2, 2, 2))
    end = max(float(log.t[-1] - log.t[0]) if span is None else span, 1e-9)
    shares = (log.t - log.t[0]) / end
    unit = min(size) / 400
    canvas.grid(_pitch(24 / canvas.scale))
    _ground(canvas, log, last, unit)
    marks = _round_times(log.t[: last + 1] - log.t[0])
    for crowd in (log.humans, log.agents):
        for number in range(len(crowd)):
            _person(canvas, crowd, number, last, shares, marks, unit)
    _robot(canvas, log, last, shares, marks, unit)
    _collisions(canvas, log, last, unit)
    if worded:
        _legend(canvas, log, title, end, unit)
    return canvas.picture()


def _ground(canvas: Canvas, log: EpisodeLog, last: int, unit: float) -> None:
    """Things, walls, the goal, and what belongs to groups."""
    for thing in log.objects:
        _thing(canvas, thing, last)
    for wall in log.walls:
        canvas.line(wall.reshape(2, 2), WALL, max(1.2, 3.0 * unit))
    _groups(canvas, log.humans, last, unit)
    goals = log.robot.goal.pos.reshape(-1, 2)
    goal = goals[min(last, len(goals) - 1)]
    canvas.disc(goal, log.robot.goal.pos_tol, mixed(PAPER, GOAL, 0.25), GOAL, 1.2 * unit)
    canvas.star(goal, max(4.0, 8.0 * unit), GOAL)


def _thing(canvas: Canvas, thing: Thing, last: int) -> None:
    places, yaws = thing.pos.reshape(-1, 2), np.reshape(thing.yaw, -1)
    place = places[min(last, len(places) - 1)]
    yaw = float(yaws[min(last, len(yaws) - 1)]) if len(yaws) else 0.0
    if thing.shape == "circle":
        canvas.disc(place, thing.length / 2, THING, FAINT)
        return
    cos, sin = math.cos(yaw), math.sin(yaw)
    half = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (thing.length / 2, thing.width / 2)
    canvas.polygon(place + half @ np.array([[cos, sin], [-sin, cos]]), THING, FAINT)


def _groups(canvas: Canvas, crowd: Tracks, last: int, unit: float) -> None:
    """The o-space of each group that stands; a tie between those who walk together."""
    for name in sorted(set(crowd.group_id.tolist()) - {-1}):
        members = np.flatnonzero((crowd.group_id == name) & crowd.valid[last])
        if len(members) < 2:
            continue
        places = crowd.pos[last, members]
        speed = np.linalg.norm(crowd.vel[last, members], axis=1).mean()
        middle = places.mean(axis=0)
        if speed < STILL:
            apart = np.linalg.norm(places - middle, axis=1) - crowd.radius[members]
            radius = max(float(apart.mean()), 0.15)
            canvas.veil(middle, radius, GROUP, 0.28)
            canvas.disc(middle, radius, None, GROUP, 1.0 * unit)
        else:
            for place in places:
                canvas.line([middle, place], GROUP, 1.4 * unit)


def _person(
    canvas: Canvas,
    crowd: Tracks,
    number: int,
    last: int,
    shares: Floats,
    marks: Sequence[int],
    unit: float,
) -> None:
    there = np.flatnonzero(crowd.valid[: last + 1, number])
    if not len(there):
        return
    way, radius = crowd.pos[:, number], float(crowd.radius[number])
    _way(canvas, way[there], shares[there], max(1.0, 2.0 * unit))
    for step in marks:
        if crowd.valid[step, number] and step < there[-1]:
            canvas.disc(way[step], radius, None, tone_at(float(shares[step])), 0.9 * unit)
    gone = there[-1] < last
    tone = tone_at(float(shares[there[-1]]))
    fill = mixed(PAPER, OTHERS, 0.35 if gone else 0.75)
    canvas.disc(way[there[-1]], radius, fill, tone, 1.8 * unit)
    _nose(canvas, way[there[-1]], float(crowd.yaw[there[-1], number]), radius)


def _robot(
    canvas: Canvas,
    log: EpisodeLog,
    last: int,
    shares: Floats,
    marks: Sequence[int],
    unit: float,
) -> None:
    robot = log.robot
    way = robot.pos[: last + 1]
    broad = max(2.6, 5.0 * unit)
    canvas.disc(way[0], robot.radius, PAPER, ROBOT, 1.4 * unit)
    canvas.line(way, INK, broad + max(1.4, 2.0 * unit))
    _way(canvas, way, shares[: last + 1], broad)
    for step in marks:
        if step < last:
            tone = tone_at(float(shares[step]))
            canvas.disc(way[step], robot.radius, None, INK, 2.0 * unit)
            canvas.disc(way[step], robot.radius, None, tone, 1.2 * unit)
    canvas.disc(way[-1], robot.radius, ROBOT, INK, 1.6 * unit)
    _nose(canvas, way[-1], float(robot.yaw[last]), robot.radius)


def _way(canvas: Canvas, points: Floats, shares: Floats, width: float) -> None:
    """A line that changes its colour with time; pieces of one colour are drawn at once."""
    tones = np.floor(shares * 48).astype(int)
    cuts = [0, *(np.flatnonzero(np.diff(tones)) + 1).tolist(), len(points)]
    for low, high in itertools.pairwise(cuts):
        piece = points[low : min(high + 1, len(points))]
        canvas.line(piece, tone_at(float(tones[low]) / 48), width)


def _nose(canvas: Canvas, place: Floats, yaw: float, radius: float) -> None:
    if math.isfinite(yaw):
        ahead = place + 0.6 * radius * np.array([math.cos(yaw), math.sin(yaw)])
        canvas.disc(ahead, 0.2 * radius, PAPER)


def _collisions(canvas: Canvas, log: EpisodeLog, last: int, unit: float) -> None:
    for event in log.events:
        if event.kind.startswith("collision") and event.t <= log.t[last] + 1e-9:
            step = int(np.argmin(np.abs(log.t - event.t)))
            canvas.cross(log.robot.pos[step], max(4.0, 8.0 * unit), HURT, max(1.6, 2.8 * unit))


def _legend(canvas: Canvas, log: EpisodeLog, title: str | None, end: float, unit: float) -> None:
    """A title, the scale of times and a scale of lengths."""
    height, width = canvas.size
    text = max(9.0, min(12.0, 11.0 * unit))
    words = title
    if words is None:
        name = str(log.meta.get("scenario", ""))
        words = " · ".join(part for part in (name, outcome(log)) if part)
    while len(words) > 4 and canvas.width_of(words, text + 1) > width - 16:
        words = words[:-2].rstrip() + "…"
    canvas.words((8, 12), words, text + 1, INK, "lm")
    top, left, right = height - 27, round(width * 0.42), width - 26
    canvas.strip((left, top, right, top + 7))
    for share in (0.0, 0.5, 1.0):
        label = f"{share * end:.1f}".removesuffix(".0") + (" s" if share == 1.0 else "")
        canvas.words((left + share * (right - left), top + 11), label, text - 1, FAINT, "ma")
    length = _pitch(width * 0.16 / canvas.scale)
    canvas.bar((10, top + 4), length, FAINT)
    canvas.words((10, top + 11), f"{length:g} m", text - 1, FAINT, "la")


def _pitch(least: float) -> float:
    """The next round length [m]: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(least, 1e-9)))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= least * 0.999)


def _round_times(t: Floats) -> list[int]:
    """The steps nearest to round times, at most ``MARKS`` of them."""
    if len(t) < 2:
        return []
    pitch = _pitch(max(float(t[-1]) / MARKS, 0.5))
    wanted = np.arange(pitch, float(t[-1]) + 1e-9, pitch)
    return sorted({int(np.argmin(np.abs(t - one))) for one in wanted})


def film(
    log: EpisodeLog, size: tuple[int, int] = (320, 320), frames: int = 60, title: str | None = None
) -> list[NDArray[np.uint8]]:
    """An episode in so many pictures, or in one a step where it has fewer.

    Raises:
        BadArgument: fewer than one picture is asked for.
    """
    if frames < 1:
        raise BadArgument(f"frames is {frames}; a film has at least one")
    steps = np.unique(np.linspace(0, log.steps - 1, min(frames, log.steps)).round().astype(int))
    frame = frame_of(log)
    return [
        trajectories(log, size, title=title, upto=int(step), frame=frame)
        for step in (steps if frames > 1 else steps[-1:])
    ]


def save_film(path: Path, pictures: Sequence[NDArray[np.uint8]], seconds: float = 6.0) -> None:
    """Writes pictures as a film that repeats, ``.gif`` or ``.webp``, whole or not at all.

    Args:
        path: its suffix says which.
        pictures: `[H, W, 3]` each.
        seconds: how long it lasts [s].

    Raises:
        BadArgument: another suffix, or no picture.
        RunDirectoryError: the disk refused.
    """
    if path.suffix.lower() not in SUFFIXES or not pictures:
        raise BadArgument(f"{path}: a film ends in {' or '.join(SUFFIXES)}, and has pictures")
    images = [Image.fromarray(picture) for picture in pictures]
    if path.suffix.lower() == ".gif":
        # One palette, so that nothing flickers.
        palette = images[-1].quantize(128, dither=Image.Dither.NONE)
        images = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in images]
    data = io.BytesIO()
    images[0].save(
        data,
        format=path.suffix[1:].upper(),
        save_all=True,
        append_images=images[1:],
        duration=max(20, round(1000 * seconds / len(images))),
        loop=0,
    )
    write_atomically(path, data.getvalue())


def contact_sheet(
    episodes: Sequence[tuple[str, EpisodeLog]],
    columns: int = 5,
    cell: tuple[int, int] = (240, 240),
) -> NDArray[np.uint8]:
    """The plans of many episodes, row by row, `[H, W, 3]`.

    Args:
        episodes: a title for each, and its log.
        columns: how many stand in a row.
        cell: height and width of each [px].

    Raises:
        BadArgument: there is no episode, or no column.
    """
    if not episodes or columns < 1:
        raise BadArgument("a contact sheet needs at least one episode and one column")
    gap = 6
    columns = min(columns, len(episodes))
    rows = math.ceil(len(episodes) / columns)
    height, width = (rows * (cell[0] + gap) + gap, columns * (cell[1] + gap) + gap)
    sheet = np.full((height, width, 3), 226, np.uint8)
    for number, (title, log) in enumerate(episodes):
        y = gap + (number // columns) * (cell[0] + gap)
        x = gap + (number % columns) * (cell[1] + gap)
        sheet[y : y + cell[0], x : x + cell[1]] = trajectories(log, cell, title=title)
    return sheet
