"""Which graphics cards EGL can draw on, which CUDA device each is, and which one a worker takes.

MuJoCo opens the first EGL device that works: without more, every worker of a machine with eight
cards draws on the first. EGL and CUDA count the cards in orders of their own, so that a number
says nothing; what both know is a card's UUID.

All of it is asked through ctypes: nothing here imports a simulator, PyOpenGL or torch.
"""

from __future__ import annotations

import ctypes
import functools
import os
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from ..core.errors import BadArgument

EGL_EXTENSIONS = 0x3055
"""EGL 1.0; of a device with EGL_EXT_device_query."""

EGL_DEVICE_EXT = 0x322C
"""EGL_EXT_device_query: the device behind a display."""

EGL_DEVICE_UUID_EXT = 0x335C
"""EGL_EXT_device_persistent_id."""

EGL_RENDERER_EXT = 0x335F
"""EGL_EXT_device_query_name."""

SOFTWARE = "EGL_MESA_device_software"
"""The extension that a device has which is no card."""

MOST = 10
"""MuJoCo asks for so many devices (mujoco/egl/egl_ext.py); what comes after it cannot open."""

CHOICE = "MUJOCO_EGL_DEVICE_ID"
"""The variable in which MuJoCo is told a device by its number (mujoco/egl/__init__.py)."""

SLOT = "POLYATHLON_SLOT"
"""The variable in which a worker is told its number."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A device that EGL can draw on.

    Attributes:
        index: its number for EGL, and for ``MUJOCO_EGL_DEVICE_ID``.
        uuid: what the driver calls it for good; empty where it does not say.
        name: what EGL calls it; may be empty.
        software: whether it is no card but a program.
        cuda: its number for CUDA in this process; None where CUDA does not see it.
    """

    index: int
    uuid: str = ""
    name: str = ""
    software: bool = False
    cuda: int | None = None


def choose(cards: Sequence[Card], slot: int) -> Card | None:
    """The card that a worker draws on: workers take turns over those that CUDA sees.

    Args:
        cards: what EGL found.
        slot: the worker's number.

    Returns:
        None where there is no card: MuJoCo then opens what it finds.
    """
    real = [card for card in cards if not card.software]
    # CUDA_VISIBLE_DEVICES shares the cards of a machine out among its users. Hidden from CUDA
    # altogether, they may still draw.
    allowed = [card for card in real if card.cuda is not None] or real
    return allowed[slot % len(allowed)] if allowed else None


def take_card() -> None:
    """Names this worker's card to MuJoCo, unless the user has; before its EGL is first opened.

    Raises:
        BadArgument: the user named a device that is not there.
    """
    asked = os.environ.get(CHOICE)
    if asked is not None:
        known = [str(card.index) for card in cards()]
        if known and asked not in known:
            raise BadArgument(
                f"{CHOICE} is {asked!r:.40}; EGL has {', '.join(known)} here. Unset it, or take one"
            )
        return
    slot = os.environ.get(SLOT, "0")
    card = choose(cards(), int(slot) if slot.isdecimal() else 0)
    if card is not None:
        os.environ[CHOICE] = str(card.index)


@functools.cache
def cards() -> tuple[Card, ...]:
    """The devices of this machine, in EGL's order; empty where EGL cannot tell."""
    return tuple(_card(index, device) for index, device in enumerate(_devices()))


def current_card() -> Card | None:
    """The device behind the context that is current in this thread, if EGL can tell."""
    try:
        egl = ctypes.CDLL("libEGL.so.1")
    except OSError:
        return None
    egl.eglGetCurrentDisplay.restype = ctypes.c_void_p
    display = egl.eglGetCurrentDisplay()
    ask = _function("eglQueryDisplayAttribEXT", ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    device = ctypes.c_ssize_t()
    if not display or ask is None or not ask(display, EGL_DEVICE_EXT, ctypes.byref(device)):
        return None
    handles = _devices()
    return cards()[handles.index(device.value)] if device.value in handles else None


def _function(name: str, *arguments: Any, result: Any = ctypes.c_uint) -> Any:
    """One of EGL's extension functions, or None."""
    try:
        find = ctypes.CDLL("libEGL.so.1").eglGetProcAddress
    except (OSError, AttributeError):
        return None
    find.restype, find.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    address = find(name.encode())
    return ctypes.CFUNCTYPE(result, *arguments)(address) if address else None


@functools.cache
def _devices() -> tuple[int, ...]:
    """EGL's handles, in its order; they hold for the life of the process."""
    query = _function("eglQueryDevicesEXT", ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    found, count = (ctypes.c_void_p * MOST)(), ctypes.c_int()
    if query is None or not query(MOST, found, ctypes.byref(count)):
        return ()
    return tuple(int(handle or 0) for handle in found[: count.value])


def _card(index: int, device: int) -> Card:
    extensions = _text(device, EGL_EXTENSIONS).split()
    software = SOFTWARE in extensions
    identity = _identity(device) if "EGL_EXT_device_persistent_id" in extensions else ""
    named = "EGL_EXT_device_query_name" in extensions
    return Card(
        index=index,
        uuid=identity,
        name=_text(device, EGL_RENDERER_EXT) if named else "",
        software=software,
        cuda=None if software or not identity else cuda_numbers().get(identity),
    )


def _text(device: int, name: int) -> str:
    ask = _function(
        "eglQueryDeviceStringEXT", ctypes.c_void_p, ctypes.c_int, result=ctypes.c_char_p
    )
    said = ask(device, name) if ask is not None else None
    return said.decode(errors="replace") if said else ""


def _identity(device: int) -> str:
    ask = _function(
        "eglQueryDeviceBinaryEXT", ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p,
        ctypes.c_void_p,
    )  # fmt: skip
    value, size = ctypes.create_string_buffer(16), ctypes.c_int()
    if ask is None or not ask(device, EGL_DEVICE_UUID_EXT, 16, value, ctypes.byref(size)):
        return ""
    return str(uuid.UUID(bytes=value.raw)) if size.value == 16 else ""


@functools.cache
def cuda_numbers() -> dict[str, int]:
    """The number of each card that CUDA sees in this process, by UUID; empty without a driver.

    The driver is asked, which honours ``CUDA_VISIBLE_DEVICES``; no context is made.
    """
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return {}
    count = ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return {}
    found = {}
    for number in range(count.value):
        device, name = ctypes.c_int(), ctypes.create_string_buffer(16)
        if not driver.cuDeviceGet(ctypes.byref(device), number) and not driver.cuDeviceGetUuid(
            ctypes.byref(name), device
        ):
            found[str(uuid.UUID(bytes=name.raw))] = number
    return found
