"""A frozen encoder of instructions: what a text means to a model that learnt it elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...core.errors import BadArgument, MissingExtra
from .folder import check_folder, fingerprint, is_folder
from .pretrained import read_pretrained

MOST_KNOWN = 4096
"""Texts that are kept as they were read; the oldest are forgotten first, and read again."""


class Reader:
    """Reads instructions, mostly once each, with any encoder of ``transformers``; learns nothing.

    Args:
        name: a folder, or a name on a hub, of an encoder (BERT and its kin) or of a model that
            has one (T5).
        device: where it reads.

    Attributes:
        width: of what it makes of a token.
        fingerprint: which model it is.

    Raises:
        BadArgument: a file is missing, or the model is of another kind.
        MissingExtra: ``transformers`` is not installed.
    """

    def __init__(self, name: str, device: str = "cpu") -> None:
        try:
            import transformers
        except ModuleNotFoundError as error:
            raise MissingExtra("text encoder", "lm", "transformers") from error
        transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        name = str(check_folder(name)) if is_folder(name) else name
        try:
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(name)
            # In single precision whatever it is stored in: it is small, and read once.
            model: Any = read_pretrained(
                transformers.AutoModel, name, "text encoder", "nothing: choose a smaller one",
                dtype=torch.float32,
            )  # fmt: skip
        except BadArgument:
            raise
        except (OSError, ValueError, KeyError) as error:
            said = (str(error).strip() or repr(error)).splitlines()[0]
            raise BadArgument(f"cannot load the text encoder {name}: {said}") from error
        encoder: Any = getattr(model, "encoder", None)
        # BERT's own `encoder` takes hidden states, T5's takes words.
        self._model: Any = encoder if hasattr(encoder, "embed_tokens") else model
        self._model.requires_grad_(False).eval().to(device)
        self.width: int = model.config.hidden_size
        self.fingerprint, self._device = fingerprint(name), device
        self._known: dict[str, Tensor] = {}

    def read(self, texts: Sequence[str]) -> list[Tensor]:
        """Of each text a row `[F]` for the whole, and one for each token: `[1 + L, F]`."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for first in range(0, len(new), 64):
            part = new[first : first + 64]
            packed = self._tokenizer(part, padding=True, return_tensors="pt").to(self._device)
            with torch.no_grad():
                states = self._model(**packed).last_hidden_state.float()
            mask = packed["attention_mask"]
            for text, state, lives in zip(part, states, mask, strict=True):
                own = state[lives.bool()]
                # Sentence encoders are trained so that the normalised mean tells sentences apart.
                whole = torch.nn.functional.normalize(own.mean(0), dim=0) * own.shape[-1] ** 0.5
                self._known[text] = torch.cat([whole[None], own]).cpu()
        found = [self._known[text] for text in texts]
        for text in list(self._known)[:-MOST_KNOWN]:
            del self._known[text]
        return found
