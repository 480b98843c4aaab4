"""A language model as the trunk of an agent: any of ``transformers``, with or without eyes.

It is loaded from a folder or by its name on a hub, whatever its size: the tests' models of a few
thousand parameters and one of seven billion go the same way. Tokens beyond its vocabulary, such as
the codes of continuous actions, have rows of their own beside it: nothing that the model knows is
overwritten, and LoRA, which leaves its rows alone, can train these.
"""

from __future__ import annotations

from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from ...core.errors import BadArgument, MissingExtra
from .cache import SlotCache
from .eyes import Eyes, eyes_of
from .fault import memory_guard
from .folder import check_folder, fingerprint, is_folder, read_json
from .lora import Lora, add_lora
from .pretrained import read_pretrained

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

LESS = "dtype (bfloat16), or choose a smaller model"


class Loading(msgspec.Struct, frozen=True, kw_only=True):
    """Which model, and in what form.

    Attributes:
        model: a folder, or a name on a hub.
        device: e.g. ``cpu``, ``cuda``, ``cuda:1``.
        dtype: of its weights: float32, bfloat16 or float16.
        scratch: draw its weights anew instead of reading them.
        train: ``nothing`` of it, ``lora`` (low-rank changes of its decoder) or ``all``.
        lora: how much, where that is what is trained.
        checkpointing: compute activations twice to keep fewer of them.
    """

    model: str
    device: str = "cpu"
    dtype: str = "float32"
    scratch: bool = False
    train: str = "nothing"
    lora: Lora = Lora()
    checkpointing: bool = False


class Backbone(nn.Module):
    """A loaded model.

    Args:
        model: of ``transformers``, with a decoder and a head over words.
        tokenizer: its own; None where it is fed numbers alone.
        extra: tokens beyond its vocabulary that have rows of their own.
        settings: of its ``preprocessor_config.json``.
        train: as in :class:`Loading`.
        lora: as in :class:`Loading`.

    Attributes:
        base_size: rows of its vocabulary: extra tokens count from there.
        width: of its hidden states.
        eyes: what turns pictures into tokens, where it has some.
        fingerprint: which model it is.

    Raises:
        BadArgument: what is to be trained is none of the three.
    """

    fingerprint = ""

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        extra: int = 0,
        settings: dict[str, Any] | None = None,
        train: str = "nothing",
        lora: Lora | None = None,
    ) -> None:
        super().__init__()
        if train not in ("nothing", "lora", "all"):
            raise BadArgument(f"train={train!r}: of a model nothing, lora or all is trained")
        self.model, self.tokenizer, self.train_what = model, tokenizer, train
        self.eyes: Eyes | None = eyes_of(model, settings or {})
        rows = model.get_input_embeddings().weight
        self.base_size, self.width = int(rows.shape[0]), int(rows.shape[1])
        model.requires_grad_(train == "all")
        if train == "lora":
            add_lora(self.decoder, lora or Lora())
        self.rows_in = self.rows_out = nn.Parameter(torch.empty(0, self.width))
        self.add_rows(extra)

    def add_rows(self, extra: int) -> None:
        """Gives it tokens beyond its vocabulary, in place of those that it had there."""
        heads = self.model.get_input_embeddings(), self.model.get_output_embeddings()
        self.rows_in, self.rows_out = (
            nn.Parameter(_around(part.weight, extra, seed)) for seed, part in enumerate(heads)
        )

    def retrain(self, what: str, lora: Lora) -> None:
        """Settles anew what learns: of the decoder ``lora`` or ``all``; all else is frozen."""
        self.requires_grad_(False)
        if what == "lora":
            add_lora(self.decoder, lora)
        elif what == "all":
            self.decoder.requires_grad_(True)
            for one in (self.model.get_output_embeddings(), self.model.get_input_embeddings()):
                one.requires_grad_(True)
            for rows in (self.rows_in, self.rows_out):
                rows.requires_grad_(True)
        self.train_what = what

    @property
    def decoder(self) -> Any:
        """The part between embedded tokens and the last hidden states."""
        return self.model.get_decoder()

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        return self.rows_in.device

    @property
    def dtype(self) -> torch.dtype:
        """Of its activations."""
        found: torch.dtype = self.model.get_input_embeddings().weight.dtype
        return found

    def words(self, text: str) -> list[int]:
        """The tokens of a text, without special ones."""
        found: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return found

    def embed(self, ids: Tensor) -> Tensor:
        """Tokens `[...]` as rows `[..., D]`, extra ones too."""
        known = ids.clamp(max=self.base_size - 1)
        rows: Tensor = self.model.get_input_embeddings()(known)
        if not len(self.rows_in):
            return rows
        own = nn.functional.embedding((ids - self.base_size).clamp(min=0), self.rows_in)
        return torch.where((ids >= self.base_size)[..., None], own.to(rows.dtype), rows)

    def forward(self, rows: Tensor, cache: SlotCache | None = None, opened: Any = None) -> Tensor:
        """The last hidden states `[B, T, D]` of embedded tokens `[B, T, D]`.

        Rows begin at the left and are padded at the right, where nothing looks: no mask is needed.

        Args:
            rows: all tokens from the first on, or those that are new to a cache.
            cache: the past of the slots; their new tokens are added.
            opened: positions `[B, T]` and which keys each token may see, `[B, 1, T, K]`: what
                ``cache.open`` gave; without a cache None where each sees all before it.
        """
        if opened is None:
            positions = torch.arange(rows.shape[1], device=rows.device)[None]
            out = self.decoder(inputs_embeds=rows, position_ids=positions, use_cache=False)
        else:
            positions, seen = (one.to(rows.device) for one in opened)
            # Additive, so that every kind of attention takes it.
            bias = torch.zeros(seen.shape, dtype=rows.dtype, device=rows.device)
            bias.masked_fill_(~seen, torch.finfo(rows.dtype).min)
            out = self.decoder(
                inputs_embeds=rows, position_ids=positions, attention_mask=bias,
                past_key_values=cache, use_cache=cache is not None,
            )  # fmt: skip
        hidden: Tensor = out.last_hidden_state
        return hidden

    def logits(self, hidden: Tensor) -> Tensor:
        """Over all tokens, extra ones last: `[..., V + E]`."""
        known: Tensor = self.model.get_output_embeddings()(hidden)
        if not len(self.rows_out):
            return known
        return torch.cat([known, nn.functional.linear(hidden, self.rows_out.to(hidden.dtype))], -1)

    def logits_at(self, hidden: Tensor, ids: Tensor) -> Tensor:
        """Of some tokens alone: for hidden states `[B, D]` and ids `[B, W]`, `[B, W]`.

        What a mask allows is little beside a vocabulary: no other row is multiplied.
        """
        head = self.model.get_output_embeddings()
        rows = head.weight[ids.clamp(max=self.base_size - 1)]
        bias = getattr(head, "bias", None)
        if len(self.rows_out):
            own = self.rows_out[(ids - self.base_size).clamp(min=0)].to(rows.dtype)
            rows = torch.where((ids >= self.base_size)[..., None], own, rows)
        found = torch.einsum("bwd,bd->bw", rows, hidden)
        return found if bias is None else found + bias[ids.clamp(max=self.base_size - 1)]

    def trained(self) -> dict[str, nn.Parameter]:
        """What learns, by name."""
        return {name: one for name, one in self.named_parameters() if one.requires_grad}


def _around(rows: Tensor, count: int, seed: int) -> Tensor:
    """New rows at the mean of known ones, a little apart; as ``vocabulary.apply_to_model`` does."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(count, rows.shape[1], generator=generator).to(rows.device)
    known = rows.detach().float()
    # Always in single precision: they are few, and small steps must not be lost in rounding.
    return known.mean(0) + 0.1 * known.std(0) * noise


def load_backbone(loading: Loading, extra: int = 0) -> Backbone:
    """A model from its folder or hub, on its device.

    Args:
        loading: which, and in what form.
        extra: tokens beyond its vocabulary.

    Raises:
        BadArgument: a file is missing, the name is unknown, or the model is of another kind.
        MissingExtra: ``transformers`` is not installed.
        OutOfMemory: it does not fit.
    """
    try:
        import transformers
    except ModuleNotFoundError as error:
        raise MissingExtra("language model", "lm", "transformers") from error
    if loading.dtype not in DTYPES:
        raise BadArgument(f"dtype={loading.dtype!r}; it is one of {', '.join(DTYPES)}")
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    name, settings = loading.model, {}
    if is_folder(name):
        folder = check_folder(name, weights=not loading.scratch)
        name = str(folder)
        if (folder / "preprocessor_config.json").is_file():
            settings = read_json(folder / "preprocessor_config.json")
    try:
        config = transformers.AutoConfig.from_pretrained(name)
        tokenizer = transformers.AutoTokenizer.from_pretrained(name)
        model = _make(transformers, name, config, loading)
    except BadArgument:
        raise
    except (OSError, ValueError, KeyError) as error:
        said = (str(error).strip() or repr(error)).splitlines()[0]
        raise BadArgument(f"cannot load the model {name}: {said}") from error
    backbone = Backbone(model, tokenizer, extra, settings, loading.train, loading.lora)
    backbone.fingerprint = fingerprint(name)
    if loading.checkpointing:
        backbone.model.gradient_checkpointing_enable({"use_reentrant": False})
    with memory_guard(f"the model {name}", LESS):
        return backbone.to(loading.device)


def _make(transformers: Any, name: str, config: Any, loading: Loading) -> Any:
    """The model itself: its weights read, or drawn."""
    sees = type(config) in transformers.AutoModelForImageTextToText._model_mapping
    auto = "AutoModelForImageTextToText" if sees else "AutoModelForCausalLM"
    kind, dtype = getattr(transformers, auto), DTYPES[loading.dtype]
    if loading.scratch:
        # On the device at once: drawing and moving seven billion numbers would need both.
        with memory_guard(f"the model {name}", LESS), torch.device(loading.device):
            return kind.from_config(config, dtype=dtype, attn_implementation="sdpa")
    return read_pretrained(kind, name, "model", LESS, dtype=dtype, attn_implementation="sdpa")
