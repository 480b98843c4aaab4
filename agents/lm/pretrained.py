"""Weights that somebody else has trained: all of them as they were saved, or one line why not."""

from __future__ import annotations

from typing import Any

from safetensors import SafetensorError

from ...core.errors import BadArgument
from .fault import memory_guard

UNUSED = "pooler"
"""Part of the names of weights that encoders are often saved without, and that nobody here asks."""


def read_pretrained(kind: Any, name: str, what: str, less: str, **settings: Any) -> Any:
    """A model whose weights were read from a folder or a hub, none of them drawn.

    Args:
        kind: a class of ``transformers`` with ``from_pretrained``.
        name: a folder, or a name on a hub.
        what: the model in words, for messages.
        less: what to lower where memory does not suffice.
        settings: for ``from_pretrained``.

    Raises:
        BadArgument: it cannot be read, its weights are damaged, or they are not those of its
            configuration: some are missing, or of other sizes.
        OutOfMemory: it does not fit.
    """
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        with memory_guard(f"the {what} {name}", less):
            model, told = kind.from_pretrained(
                name, use_safetensors=True, output_loading_info=True,
                ignore_mismatched_sizes=True, **settings,
            )  # fmt: skip
    except SafetensorError as error:
        raise BadArgument(
            f"the weights of the {what} {name} are damaged ({error}): copy the whole folder again"
        ) from error
    finally:
        logging.set_verbosity(before)
    missing = sorted(one for one in told["missing_keys"] if UNUSED not in one)
    if missing:
        raise BadArgument(
            f"the {what} {name} lacks {len(missing)} weights, such as {missing[0]}: its "
            "config.json and its weights are of different models, or it is of a kind without words"
        )
    if told["mismatched_keys"]:
        first, there, wanted = sorted(told["mismatched_keys"], key=str)[0]
        raise BadArgument(
            f"the {what} {name}: {first} has the shape {list(there)} in its weights and "
            f"{list(wanted)} by its config.json: they are of different models"
        )
    return model
