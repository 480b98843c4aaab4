"""Episodes out of flat arrays: step after step, with flags where one ends and the next begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument
from ...core.trajectory import EXPORT, Trajectory, as_numbers, checked

COLUMNS = ("observations", "next_observations", "actions", "rewards")
"""What every flat layout has; the names of its flags differ."""


def demand(columns: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    """Refuses a file that lacks a column, or whose columns differ in length.

    Raises:
        BadArgument: says which.
    """
    lacking = [name for name in names if name not in columns]
    if lacking:
        found = ", ".join(map(str, columns)) or "nothing"
        raise BadArgument(f"{where} lacks {', '.join(lacking)}; it has {found}; {EXPORT}")
    lengths = {name: len(columns[name]) for name in names}
    if len(set(lengths.values())) > 1:
        raise BadArgument(f"the columns of {where} differ in length: {lengths}; {EXPORT}")


def episodes_of(
    columns: Mapping[str, Any],
    terminated: NDArray[np.bool_],
    ended: NDArray[np.bool_],
    where: str,
) -> Iterator[Trajectory]:
    """The episodes of flat columns, in order.

    What comes after the last flag is an episode that was cut off: its last step is truncated.

    Args:
        columns: those of ``COLUMNS``; arrays, or HDF5 data sets of which one episode is read.
        terminated: `[N]`: the world ended.
        ended: `[N]`: the episode ended, for whatever reason.
        where: the file, for messages.

    Raises:
        BadArgument: an episode is unsound, or no flag is set anywhere.
    """
    ends = np.flatnonzero(terminated | ended)
    count = len(terminated)
    if count == 0:
        raise BadArgument(f"{where} has no step")
    if not len(ends):
        raise BadArgument(
            f"{where}: none of its {count} steps is flagged as the end of an episode; {EXPORT} "
            "with a flag in the last step of each"
        )
    pasts = [*(ends + 1).tolist(), *([] if len(ends) and ends[-1] == count - 1 else [count])]
    first = 0
    for number, past in enumerate(pasts):
        part, here = slice(first, past), f"{where} episode {number}"
        states = as_numbers(columns["observations"][part], "observations", here)
        then = as_numbers(columns["next_observations"][past - 1 : past], "next_observations", here)
        won = np.asarray(terminated[part], bool)
        cut = np.zeros(past - first, bool)
        cut[-1] = not won[-1]
        yield checked(
            Trajectory(
                observations={"state": np.concatenate([states, then])},
                actions=as_numbers(columns["actions"][part], "actions", here),
                rewards=as_numbers(columns["rewards"][part], "rewards", here).ravel(),
                terminated=won,
                truncated=cut,
            ),
            here,
        )
        first = past
