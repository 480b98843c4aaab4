"""Processes side by side, for what is independent of each other."""

from __future__ import annotations

import concurrent.futures
import multiprocessing


def crew(processes: int) -> concurrent.futures.ProcessPoolExecutor:
    """So many, each begun anew: a forked one would share locks and dice of torch and MuJoCo."""
    spawn = multiprocessing.get_context("spawn")
    return concurrent.futures.ProcessPoolExecutor(processes, mp_context=spawn)
