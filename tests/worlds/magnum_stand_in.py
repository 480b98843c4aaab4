"""Stands in for ``magnum``: the little of its geometry that the worker program asks of it."""

from __future__ import annotations

import numpy as np


class Vector3:
    def __init__(self, x=0.0, y=0.0, z=0.0):
        self._parts = (float(x), float(y), float(z))

    def __getitem__(self, index):
        return self._parts[index]

    def __len__(self):
        return 3


class Quaternion:
    def __init__(self, vector, scalar):
        assert isinstance(vector, Vector3)
        self.vector, self.scalar = vector, float(scalar)

    def matrix(self):
        return rotation_of([*self.vector, self.scalar])


class Matrix4:
    def __init__(self, whole):
        self._whole = np.array(whole, float)

    def transform_point(self, point):
        assert isinstance(point, Vector3)
        return Vector3(*(self._whole @ [*point, 1.0])[:3])


class Range3D:
    def __init__(self, low, high):
        self.min, self.max = Vector3(*low), Vector3(*high)


def rotation_of(quaternion):
    """The matrix of x, y, z, w."""
    x, y, z, w = (float(part) for part in quaternion)
    assert abs(x * x + y * y + z * z + w * w - 1) < 1e-4, "no unit quaternion"
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
