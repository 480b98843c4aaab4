"""Poses of the official files in our frame: matrices with y up to positions and quaternions."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from .layout import from_habitat

Floats = NDArray[np.float64]

CHUNK = 65_536
"""Matrices that are worked on at a time: the largest file has some millions."""

ORTHONORMAL = 1e-4
"""How far a rotation may be from one; in the files it is a hundredth of that."""

FARTHEST = 100.0
"""From the origin along an axis [m]; all homes lie within 10."""

POSITION_DIGITS = 6
"""Decimals of a position that are kept [m]; single precision has no more there."""

ROTATION_DIGITS = 7
"""Decimals of a quaternion that are kept."""

FAULTS = (
    "",
    "holds something that is not finite",
    "does not end in the row 0, 0, 0, 1",
    "is not a rotation and a shift",
    f"lies further than {FARTHEST:.0f} m away",
)
"""What can be wrong with a matrix, by number; the first is nothing."""


class Poses(msgspec.Struct, frozen=True):
    """Positions `[N, 3]` [m], unit quaternions `[N, 4]` and the number of what is wrong `[N]`."""

    positions: Any
    rotations: Any
    faults: Any


def convert_transforms(matrices: NDArray[Any]) -> Poses:
    """Poses of homogeneous matrices `[N, 4, 4]` of the official files, in our frame."""
    count = len(matrices)
    poses = Poses(np.zeros((count, 3)), np.zeros((count, 4)), np.zeros(count, np.int8))
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        chunk = np.asarray(matrices[part], dtype=np.float64)
        faults = _faults(chunk)
        # What is wrong is reported when an episode uses it; it must not warn before.
        chunk = np.where((faults != 0)[:, None, None], np.eye(4), chunk)
        x, y, z = chunk[:, 0, 3], chunk[:, 1, 3], chunk[:, 2, 3]
        # Written for numbers, it serves arrays of them as well.
        moved: Floats = np.stack(from_habitat(x, y, z), axis=1)  # type: ignore[arg-type]
        poses.positions[part] = moved.round(POSITION_DIGITS) + 0.0
        poses.rotations[part] = _quaternions(chunk[:, :3, :3]).round(ROTATION_DIGITS) + 0.0
        poses.faults[part] = faults
    return poses


def _faults(matrices: Floats) -> NDArray[np.int8]:
    finite = np.asarray(np.isfinite(matrices).all(axis=(1, 2)))
    # Anything above this bound is wrong anyway, and its square might not be finite.
    safe = np.where(finite[:, None, None], matrices, 0.0).clip(-1e6, 1e6)
    rotations = safe[:, :3, :3]
    squares = np.einsum("nij,nkj->nik", rotations, rotations)
    upright = np.linalg.det(rotations) > 0
    rigid = upright & (np.abs(squares - np.eye(3)) <= ORTHONORMAL).all(axis=(1, 2))
    last = (np.abs(safe[:, 3] - np.array([0.0, 0.0, 0.0, 1.0])) <= ORTHONORMAL).all(axis=1)
    near = (np.abs(safe[:, :3, 3]) <= FARTHEST).all(axis=1)
    found = np.select([~finite, ~last, ~rigid, ~near], [1, 2, 3, 4], 0)
    return found.astype(np.int8)


def _quaternions(rotations: Floats) -> Floats:
    """Unit quaternions w, x, y, z in our frame, w not negative.

    Row k of the symmetric matrix below is the quaternion times 4 of its k-th part; the row with
    the largest diagonal is the most exact (Journal of Guidance and Control 1, 1978, 223-224).
    """
    m = rotations
    d0, d1, d2 = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    wx, wy, wz = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    xy, xz, yz = m[:, 0, 1] + m[:, 1, 0], m[:, 0, 2] + m[:, 2, 0], m[:, 1, 2] + m[:, 2, 1]
    rows = np.array(
        [
            [1 + d0 + d1 + d2, wx, wy, wz],
            [wx, 1 + d0 - d1 - d2, xy, xz],
            [wy, xy, 1 - d0 + d1 - d2, yz],
            [wz, xz, yz, 1 - d0 - d1 + d2],
        ]
    )
    best = np.einsum("iin->in", rows).argmax(axis=0)
    found = rows[best, :, np.arange(len(m))]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    found *= np.where(found[:, :1] < 0, -1.0, 1.0)
    # The change of axes (x, y, z) -> (x, -z, y) turns the vector part as it turns any vector.
    return np.stack([found[:, 0], found[:, 1], -found[:, 3], found[:, 2]], axis=1)
