"""What becomes of memory that is freed: kept for the next picture, not given back to the system.

Pictures come and go at every step. glibc gives what is freed at the end of its heap back at once,
and the next picture's pages are made anew, zeroed, one fault at a time: of a served step with two
pictures of 256 x 256 that was more than half.
"""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3), <malloc.h>."""

KEPT = 64 << 20
"""At most so much free memory stays at the end of the heap [bytes]."""

LARGEST = 32 << 20
"""Larger pieces come from the system and go back to it; glibc takes no more for 64 bits [bytes]."""


def keep_freed_memory() -> bool:
    """Asks the C library of this process to keep what is freed; False where it cannot."""
    try:
        tell = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # Not glibc.
        return False
    return bool(tell(MMAP_THRESHOLD, LARGEST)) and bool(tell(TRIM_THRESHOLD, KEPT))
