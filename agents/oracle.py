"""The ceiling where there is one: each task's own scripted solver.

The solver looks inside the world, so it lives beside it, in the worker: this class only says so.
"""

from __future__ import annotations


class OracleAgent:
    """Lets ``TaskSpec.oracle`` play."""

    dialect = "native"
    placement = "worker"
