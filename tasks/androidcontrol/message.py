"""The protocol buffers of the dataset, declared here: the forest of accessibility trees.

Field numbers are those of ``android_env/proto/a11y`` (google-deepmind/android_env, Apache-2.0) and
of ``tensorflow/core/example``. Declaring them spares both packages, and the ``protobuf`` library
parses a screen of thousands of nodes in milliseconds.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from ...core.errors import BadArgument, MissingExtra
from .screen import ACTED_ON, FLAGS, Box, Element

_BOOL, _INT32, _STRING, _BYTES, _INT64 = "bool", "int32", "string", "bytes", "int64"

_MESSAGES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "Rect": {"left": (1, _INT32), "top": (2, _INT32), "right": (3, _INT32), "bottom": (4, _INT32)},
    "Node": {
        "unique_id": (1, _INT32), "bounds_in_screen": (2, "Rect"), "class_name": (3, _STRING),
        "content_description": (4, _STRING), "hint_text": (5, _STRING),
        "package_name": (6, _STRING), "text": (7, _STRING), "view_id_resource_name": (10, _STRING),
        "window_id": (11, _INT32), "is_checkable": (12, _BOOL), "is_checked": (13, _BOOL),
        "is_clickable": (14, _BOOL), "is_editable": (15, _BOOL), "is_enabled": (16, _BOOL),
        "is_focusable": (17, _BOOL), "is_focused": (18, _BOOL), "is_long_clickable": (19, _BOOL),
        "is_password": (20, _BOOL), "is_scrollable": (21, _BOOL), "is_selected": (22, _BOOL),
        "is_visible_to_user": (23, _BOOL), "child_ids": (25, "packed int32"), "depth": (27, _INT32),
        "drawing_order": (30, _INT32),
    },
    "Tree": {"nodes": (1, "repeated Node")},
    "Window": {
        "bounds_in_screen": (1, "Rect"), "display_id": (2, _INT32), "id": (3, _INT32),
        "layer": (4, _INT32), "title": (5, _STRING), "window_type": (6, _INT32),
        "is_active": (8, _BOOL), "is_focused": (9, _BOOL), "tree": (11, "Tree"),
    },
    "Forest": {"windows": (1, "repeated Window")},
    "BytesList": {"value": (1, "repeated bytes")},
    "Int64List": {"value": (1, "packed int64")},
    "Feature": {"bytes_list": (1, "BytesList"), "int64_list": (3, "Int64List")},
    "Entry": {"key": (1, _STRING), "value": (2, "Feature")},
    "Features": {"feature": (1, "repeated Entry")},
    "Example": {"features": (1, "Features")},
}  # fmt: skip
"""Fields by message: number and type. What is not declared is skipped, as by every reader."""

_WINDOWS = {1: "application", 2: "keyboard", 3: "system"}
"""``WindowType``; the rarer ones count as the system's."""

_IS = {
    "clickable": "is_clickable", "long-clickable": "is_long_clickable", "editable": "is_editable",
    "checkable": "is_checkable", "checked": "is_checked", "scrollable": "is_scrollable",
    "selected": "is_selected", "focused": "is_focused",
}  # fmt: skip
"""Flags and the fields they stand in; ``disabled`` is the lack of ``is_enabled``."""

MOST_NODES = 50_000
"""Nodes of a screen; the largest is said to have about 3,500."""


@functools.cache
def messages() -> Mapping[str, Any]:
    """The message classes by name.

    Raises:
        MissingExtra: ``protobuf`` is not installed.
    """
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError as error:
        raise MissingExtra("imported androidcontrol", "androidcontrol", "protobuf") from error
    package = "polyathlon.androidcontrol"
    file = descriptor_pb2.FileDescriptorProto(
        name="polyathlon/androidcontrol.proto", package=package, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        declared = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            label, _, base = kind.rpartition(" ")
            one = declared.field.add(name=field, number=number)
            one.label = one.LABEL_REPEATED if label else one.LABEL_OPTIONAL
            if base in _MESSAGES:
                one.type, one.type_name = one.TYPE_MESSAGE, f".{package}.{base}"
            else:
                one.type = getattr(one, f"TYPE_{base.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in _MESSAGES
    }


def parse_forest(data: bytes, width: int, height: int, where: str) -> tuple[Element, ...]:
    """What is visible on a screen, from its forest.

    Nodes that are not visible, have no area on the screen, or have neither words nor anything that
    can be done with them are left out.

    Args:
        data: a serialised ``AndroidAccessibilityForest``.
        width: of the screen [px].
        height: of the screen [px].
        where: file and record, for messages.

    Raises:
        BadArgument: it is none, or has too many nodes.
    """
    kinds = messages()
    from google.protobuf.message import DecodeError

    try:
        forest = kinds["Forest"].FromString(data)
    except DecodeError as error:
        raise BadArgument(f"{where}: its accessibility tree is damaged: {error}") from error
    if sum(len(window.tree.nodes) for window in forest.windows) > MOST_NODES:
        raise BadArgument(f"{where}: its accessibility tree has more than {MOST_NODES} nodes")
    found: list[Element] = []
    for window in sorted(forest.windows, key=lambda one: one.layer):
        for node in window.tree.nodes:
            element = _element(node, _WINDOWS.get(window.window_type, "system"), width, height)
            if element is not None:
                found.append(element)
    return tuple(found)


def _element(node: Any, window: str, width: int, height: int) -> Element | None:
    bounds = node.bounds_in_screen
    box: Box = (max(bounds.left, 0), max(bounds.top, 0), min(bounds.right, width),
                min(bounds.bottom, height))  # fmt: skip
    if not node.is_visible_to_user or box[0] >= box[2] or box[1] >= box[3]:
        return None
    flags = {flag for flag, field in _IS.items() if getattr(node, field)}
    text, description = node.text, node.content_description or node.hint_text
    if not (text or description or flags & ACTED_ON):
        return None
    if flags & ACTED_ON and not node.is_enabled:
        flags.add("disabled")
    return Element(
        box=box,
        role=node.class_name.rpartition(".")[2].rpartition("$")[2] or "View",
        text=text,
        description=description,
        flags=tuple(flag for flag in FLAGS if flag in flags),
        window=window,
    )


def serialise_forest(elements: tuple[Element, ...], width: int, height: int) -> bytes:
    """A forest in which elements stand, each window with its own tree.

    Args:
        elements: what is on the screen.
        width: of the screen [px].
        height: of the screen [px].
    """
    forest = messages()["Forest"]()
    for number, (kind, name) in enumerate(_WINDOWS.items()):
        inside = [one for one in elements if one.window == name]
        if not inside:
            continue
        window = forest.windows.add(id=number, layer=number, window_type=kind, display_id=0)
        window.is_active = window.is_focused = kind == 1
        _bound(window, (0, 0, width, height))
        root = window.tree.nodes.add(
            unique_id=0, class_name="android.widget.FrameLayout", is_enabled=True,
            is_visible_to_user=True, child_ids=range(1, len(inside) + 1),
        )  # fmt: skip
        _bound(root, (0, 0, width, height))
        for place, element in enumerate(inside, 1):
            node = window.tree.nodes.add(
                unique_id=place, class_name=f"android.widget.{element.role}", text=element.text,
                content_description=element.description, depth=1, drawing_order=place,
                is_enabled="disabled" not in element.flags, is_visible_to_user=True,
                window_id=number, package_name="example.polyathlon",
            )  # fmt: skip
            _bound(node, element.box)
            for flag, field in _IS.items():
                setattr(node, field, flag in element.flags)
    data: bytes = forest.SerializeToString(deterministic=True)
    return data


def _bound(message: Any, box: Box) -> None:
    bounds = message.bounds_in_screen
    bounds.left, bounds.top, bounds.right, bounds.bottom = box


def serialise_example(features: Mapping[str, list[bytes] | list[int]]) -> bytes:
    """A ``tf.train.Example`` of bytes and whole numbers."""
    example = messages()["Example"]()
    for name, values in features.items():
        entry = example.features.feature.add(key=name)
        if values and isinstance(values[0], int):
            entry.value.int64_list.value.extend(values)
        else:
            entry.value.bytes_list.value.extend(values)
    data: bytes = example.SerializeToString(deterministic=True)
    return data
