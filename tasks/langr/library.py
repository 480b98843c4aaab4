"""Where an environment gets its episodes and its world from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.errors import MissingExtra
from .episode import Episode
from .world import World

SOURCES = ("generated", "official")
"""Where episodes come from: made on demand, or imported from the released files."""

BACKENDS = ("mujoco", "habitat")
"""What draws homes and knows their geometry."""


class Library(Sequence[Episode]):
    """The episodes of a split, made or read when asked for.

    Args:
        split: a name in ``splits.SPLITS``.
        source: a name in ``SOURCES``.

    Attributes:
        origin: which episodes exactly, for the record of a run.

    Raises:
        UnknownName: no such split.
        BadArgument: the official episodes of the split were not imported.
    """

    def __init__(self, split: str, source: str) -> None:
        from .generator import VERSION
        from .splits import find_split

        declared = find_split(split)
        self._split: str = split
        self._stored: Sequence[Episode] | None = None
        self._count, self.origin = declared.episodes, f"generated, version {VERSION}"
        if source == "official":
            from .archive import official_episodes

            self._stored = archive = official_episodes(split)
            self._count = len(self._stored)
            self.origin = (
                f"official, SHA-256 {archive.about.source.sha256}, "
                f"stored as {archive.about.digest()[:12]}"
            )

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not -self._count <= index < self._count:
            raise IndexError(f"the split {self._split} has {self._count} episodes, no {index}")
        if self._stored is not None:
            return self._stored[index % self._count]
        from .generator import generate

        return generate(self._split, int(index) % self._count)


def make_world(backend: str, size: tuple[int, int], profile: str) -> World:
    """A world that draws pictures of a size.

    Raises:
        MissingExtra: its package is not installed.
        BadArgument: no such profile.
    """
    from ..rendering import check_profile, prepare

    check_profile(profile)
    if backend == "habitat":
        from .habitat.world import HabitatWorld

        return HabitatWorld(image_size=size, profile=profile)
    prepare()  # MuJoCo reads what draws when it is imported.
    try:
        import mujoco  # noqa: F401 - to say so now rather than at the first picture
    except ImportError as error:
        raise MissingExtra("langr", "langr", "mujoco") from error
    from .mujoco_world import MujocoWorld

    return MujocoWorld(image_size=size, profile=profile)
