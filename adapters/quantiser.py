"""The residual vector quantiser under the learned adapters: trained with torch, run with numpy.

An encoder turns a normalised action into a latent vector, a stack of codebooks approximates that
vector one residual after another, and a decoder turns the sum of the chosen codes back into an
action. Both networks are perceptrons with ReLU between their layers ("Grounding MLLMs in Actions",
section 3.2 and appendix C; the multi-embodiment form is of GEA, appendix A). Padding never enters
the loss: the mean over 21 slots would hide the error of an arm that uses four of them.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadArgument, MissingExtra

Floats = NDArray[np.floating[Any]]
Whole = NDArray[np.int64]

Watch = Callable[[int, int], None]
"""Is told how far a training has come: updates done, and how many there will be."""

BLOCK = 512
"""Rows that go through the networks at once, so that a hidden layer stays in the cache."""

_scratch = threading.local()
"""Arrays between two layers, kept by each thread: fresh memory costs as much as a product."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a quantiser becomes; kept with it.

    The widths and updates that the studies trained with are ``ASA`` and ``GEA``. Neither says how
    its codebooks are begun, averaged or revived: those defaults are of our own design, and on
    Meta-World's oracle actions they decide a factor of nine in the error.

    Attributes:
        levels: codebooks, one after another.
        codes: entries of each.
        width: hidden units of a layer.
        latent: length of a code.
        layers: linear layers of the encoder, and of the decoder.
        updates: steps of the optimiser.
        batch: actions a step.
        rate: peak learning rate of AdamW, after a linear warm-up and before a cosine to zero.
        warmup: share of the updates that the rate rises (both studies: a tenth).
        commitment: weight of the encoder's distance to its code (GEA: 1.0).
        decay: of the moving averages that the codes are.
        revival: a code is dead, and begun anew at a latent of the batch, where it is used less
            than this share of an even use.
        settled: share of the updates, at the end, in which no code is begun anew.
        kmeans: iterations that place the first codes on the first batch.
        rotation: gradients pass the codebooks by the rotation trick instead of straight through.
        seed: of all chance there is.
        threads: cores used; with another number the last bits of the result differ.
    """

    levels: int = 2
    codes: int = 512
    width: int = 256
    latent: int = 64
    layers: int = 4
    updates: int = 3000
    batch: int = 1024
    rate: float = 1e-3
    warmup: float = 0.1
    commitment: float = 1.0
    decay: float = 0.99
    revival: float = 0.1
    settled: float = 0.1
    kmeans: int = 10
    rotation: bool = False
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuses what cannot be trained.

        Raises:
            BadArgument: a count is not positive, or a share is outside 0 to 1.
        """
        counts = ("levels", "codes", "width", "latent", "layers", "updates", "batch", "threads")
        for name in counts:
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise BadArgument(f"a quantiser's {name} is {value!r}; it must be 1 or more")
        if self.layers < 2:
            raise BadArgument("a quantiser's networks have 2 layers or more")
        for name in ("warmup", "decay", "revival", "settled"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadArgument(f"a quantiser's {name} is {getattr(self, name)!r}, not 0 to 1")
        if not (self.rate > 0 and math.isfinite(self.rate) and self.commitment >= 0):
            raise BadArgument("a quantiser's rate must be above 0, its commitment 0 or more")


ASA = Recipe(width=2048, latent=512)
"""The sizes of "Grounding MLLMs in Actions", table 3 and appendix C."""

GEA = Recipe(width=4096, latent=1024, updates=15_000, batch=2048)
"""The sizes of the multi-embodiment tokenizer of GEA, appendix A."""


class Quantiser:
    """A trained quantiser of normalised actions `[N, P]` into codes `[N, levels]`.

    Args:
        arrays: ``encoder.K.weight`` `[in, out]` and ``.bias`` a layer, ``decoder.`` likewise, and
            ``codebooks`` `[levels, codes, latent]`; all float32.

    Raises:
        BadArgument: an array is missing, not float32, not finite or of the wrong shape.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.arrays = {key: np.array(arrays[key], np.float32) for key in sorted(arrays)}
        for value in self.arrays.values():
            value.setflags(write=False)
        if "codebooks" not in self.arrays or self.arrays["codebooks"].ndim != 3:
            raise BadArgument("a quantiser needs its 'codebooks' [levels, codes, latent]")
        self.codebooks = self.arrays["codebooks"]
        self.levels, self.codes, self.latent = self.codebooks.shape
        self._encoder = self._stack("encoder")
        self._decoder = self._stack("decoder")
        self.size = self._encoder[0][0].shape[0]
        ends = (self._encoder[-1][0].shape[1], self._decoder[0][0].shape[0])
        if ends != (self.latent, self.latent) or self._decoder[-1][0].shape[1] != self.size:
            raise BadArgument("the networks and codebooks of a quantiser do not fit each other")
        self._plan_search()

    def _stack(self, name: str) -> list[tuple[Floats, Floats]]:
        layers: list[tuple[Floats, Floats]] = []
        while f"{name}.{len(layers)}.weight" in self.arrays:
            weight = self.arrays[f"{name}.{len(layers)}.weight"]
            bias = self.arrays.get(f"{name}.{len(layers)}.bias")
            before = layers[-1][0].shape[1] if layers else None
            sound = weight.ndim == 2 and bias is not None and bias.shape == weight.shape[1:]
            if not sound or (before is not None and weight.shape[0] != before):
                raise BadArgument(f"layer {len(layers)} of a quantiser's {name} has a wrong shape")
            assert bias is not None
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise BadArgument(f"layer {len(layers)} of a quantiser's {name} is not finite")
            layers.append((weight, bias))
        if not layers:
            raise BadArgument(f"a quantiser needs the layers of its {name}")
        return layers

    def widths(self, name: str) -> list[int]:
        """The sizes from the input to the output of its ``encoder`` or ``decoder``."""
        layers = self._encoder if name == "encoder" else self._decoder
        return [layers[0][0].shape[0], *(weight.shape[1] for weight, _ in layers)]

    def _plan_search(self) -> None:
        """Prepares the search of all levels as one product with the latent.

        The distance of a residual ``z - c1 - ...`` to a code ``c`` orders codes as
        ``z.c - |c|^2 / 2 - c1.c - ...`` does: the first two terms come of one product for every
        level, the others are known beforehand.
        """
        flat = self.codebooks.reshape(-1, self.latent)
        self._keys = np.ascontiguousarray(flat.T)
        self._halves = -0.5 * np.einsum("kd,kd->k", flat, flat)
        self._crossed = {
            (before, level): np.ascontiguousarray(self.codebooks[before] @ self.codebooks[level].T)
            for level in range(self.levels)
            for before in range(level)
        }

    def encode(self, rows: Floats) -> Whole:
        """The codes `[N, levels]` that the encoder gives normalised actions `[N, P]`."""
        rows = np.asarray(rows, np.float32)
        codes = np.empty((len(rows), self.levels), np.int64)
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            codes[start : start + BLOCK] = self._search(_forward(self._encoder, block))
        return codes

    def _search(self, latents: Floats) -> Whole:
        scores = _between("scores", len(latents), self._keys.shape[1])
        np.matmul(latents, self._keys, out=scores)
        scores += self._halves
        found = np.empty((len(latents), self.levels), np.int64)
        for level in range(self.levels):
            mine = scores[:, level * self.codes : (level + 1) * self.codes]
            for before in range(level):
                mine -= self._crossed[before, level][found[:, before]]
            found[:, level] = mine.argmax(1)
        return found

    def decode(self, codes: Whole) -> Floats:
        """The normalised actions `[N, P]` of codes `[N, levels]`; not clipped."""
        rows = np.empty((len(codes), self.size), np.float32)
        for start in range(0, len(codes), BLOCK):
            block = codes[start : start + BLOCK]
            latents = self.codebooks[0][block[:, 0]]
            for level in range(1, self.levels):
                latents += self.codebooks[level][block[:, level]]
            rows[start : start + BLOCK] = _forward(self._decoder, latents)
        return rows


def _forward(layers: Sequence[tuple[Floats, Floats]], rows: Floats) -> Floats:
    """What a network says, in an array that the thread's next call overwrites."""
    for number, (weight, bias) in enumerate(layers):
        out = _between(number % 2, len(rows), weight.shape[1])
        rows = np.matmul(rows, weight, out=out)
        rows += bias
        if number < len(layers) - 1:
            np.maximum(rows, 0.0, out=rows)
    return rows


def _between(place: int | str, rows: int, columns: int) -> Floats:
    """An array `[rows, columns]` of the thread's own, with anything in it."""
    kept: dict[Any, Any] = _scratch.__dict__
    flat: Floats | None = kept.get(place)
    if flat is None or flat.size < rows * columns:
        flat = kept[place] = np.empty(rows * columns, np.float32)
    return flat[: rows * columns].reshape(rows, columns)


def train(
    rows: Sequence[Floats],
    recipe: Recipe,
    size: int,
    start: Quantiser | None = None,
    watch: Watch | None = None,
) -> Quantiser:
    """Fits a quantiser to the normalised actions of one body or several.

    Every body has an even share of each batch, however long its stream is; the share is of our
    own design. The same data, recipe and number of threads give the same bits.

    Args:
        rows: a body's normalised actions each, `[N, D]` with D at most ``size``.
        recipe: sizes and training.
        size: slots P of an action; shorter ones are padded with zeros on the right.
        start: a quantiser to go on from; its sizes stand for the recipe's.
        watch: is told how far it has come, every hundredth or so.

    Raises:
        BadArgument: there is no data, or a body has more dimensions than slots.
        MissingExtra: torch or vector-quantize-pytorch is not installed.
    """
    if not rows or any(len(body) == 0 for body in rows):
        raise BadArgument("there are no actions to fit a quantiser to: a stream is empty")
    widest = max(body.shape[1] for body in rows)
    if widest > size:
        raise BadArgument(f"a body has {widest} dimensions, the quantiser has {size} slots")
    with _torch(recipe) as torch:
        networks = _networks(torch, recipe, size, start)
        _fit(torch, networks, rows, recipe, watch)
        return Quantiser(_arrays(networks))


@contextlib.contextmanager
def _torch(recipe: Recipe) -> Iterator[Any]:
    """Torch with the recipe's seed and threads; what was set before is put back."""
    try:
        import torch
        import vector_quantize_pytorch  # type: ignore[import-untyped]  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra("adapters", "adapters", error.name or "torch") from error
    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.threads)
    try:
        # Only the generator of the processor is used: the networks never leave it.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            yield torch
    finally:
        torch.set_num_threads(threads)


def _networks(torch: Any, recipe: Recipe, size: int, start: Quantiser | None) -> dict[str, Any]:
    """Encoder, decoder and codebooks, new or as ``start`` left them."""
    if start is None:
        inner = [recipe.width] * (recipe.layers - 1)
        shapes = {
            "encoder": [size, *inner, recipe.latent],
            "decoder": [recipe.latent, *inner, size],
        }
        levels, codes, latent = recipe.levels, recipe.codes, recipe.latent
    else:
        shapes = {name: start.widths(name) for name in ("encoder", "decoder")}
        levels, codes, latent = start.codebooks.shape
    networks: dict[str, Any] = {}
    for name, widths in shapes.items():
        layers: list[Any] = []
        for before, after in itertools.pairwise(widths):
            layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
        networks[name] = torch.nn.Sequential(*layers[:-1])
    networks["codebooks"] = _codebooks(recipe, levels, codes, latent, fresh=start is None)
    if start is not None:
        _restore(torch, networks, start, recipe)
    return networks


def _codebooks(recipe: Recipe, levels: int, codes: int, latent: int, fresh: bool) -> Any:
    """The residual codebooks; every flag that shapes training is said, none left to a default.

    Defaults of this library have changed between its versions (gradient estimator, dead codes).
    """
    from vector_quantize_pytorch import ResidualVQ

    return ResidualVQ(
        dim=latent,
        num_quantizers=levels,
        codebook_size=codes,
        codebook_dim=latent,
        heads=1,
        shared_codebook=False,
        diveq=False,
        quantize_dropout=False,
        implicit_neural_codebook=False,
        beam_size=None,
        quant_grad_frac=0.0,
        decay=recipe.decay,
        eps=1e-5,
        ema_update=True,
        learnable_codebook=False,
        kmeans_init=fresh and recipe.kmeans > 0,
        kmeans_iters=max(1, recipe.kmeans),
        sync_kmeans=False,
        sync_codebook=False,
        use_cosine_sim=False,
        threshold_ema_dead_code=recipe.revival * recipe.batch / codes,
        commitment_weight=recipe.commitment,
        commitment_use_cross_entropy_loss=False,
        orthogonal_reg_weight=0.0,
        codebook_diversity_loss_weight=0.0,
        stochastic_sample_codes=False,
        straight_through=False,  # There it means Gumbel sampling; ours is plain either way.
        rotation_trick=recipe.rotation,
        directional_reparam=False,
        affine_param=False,
        sync_update_v=0.0,
    )


def _restore(torch: Any, networks: dict[str, Any], start: Quantiser, recipe: Recipe) -> None:
    """Puts the weights of an earlier training into the networks."""
    for name in ("encoder", "decoder"):
        linear = list(networks[name])[::2]
        for number, layer in enumerate(linear):
            weight = start.arrays[f"{name}.{number}.weight"].T.copy()
            layer.load_state_dict(
                {
                    "weight": torch.from_numpy(weight),
                    "bias": torch.from_numpy(start.arrays[f"{name}.{number}.bias"].copy()),
                }
            )
    books, even = networks["codebooks"], recipe.batch / start.codes
    state = books.state_dict()
    for level in range(start.levels):
        codes = torch.from_numpy(start.codebooks[level].copy())[None]
        inside = f"layers.{level}._codebook."
        state[inside + "embed"] = codes
        # Averages are sums over the share of a batch that a code has: begun as if all were even.
        state[inside + "embed_avg"] = codes * even
        state[inside + "cluster_size"] = torch.full(codes.shape[:2], even)
    books.load_state_dict(state)


def _fit(
    torch: Any,
    networks: dict[str, Any],
    rows: Sequence[Floats],
    recipe: Recipe,
    watch: Watch | None = None,
) -> None:
    """Trains in place: reconstruction over the active slots alone, and the commitment."""
    encoder, decoder, books = networks["encoder"], networks["decoder"], networks["codebooks"]
    size = decoder[-1].out_features
    chance = np.random.default_rng(recipe.seed)
    streams = [torch.from_numpy(_padded(body, size)) for body in rows]
    weights = [_slot_weights(body.shape[1], size) for body in rows]

    def draw(count: int) -> tuple[Any, Any]:
        shares = np.full(len(streams), count // len(streams))
        shares[chance.permutation(len(streams))[: count % len(streams)]] += 1
        chosen = [
            stream[torch.from_numpy(chance.integers(len(stream), size=share))]
            for stream, share in zip(streams, shares, strict=True)
        ]
        weight = np.repeat(weights, shares, axis=0)
        return torch.cat(chosen), torch.from_numpy(weight)

    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=recipe.rate)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, functools.partial(_rate, recipe))
    books.train()
    with torch.no_grad():
        # The first codes come of more actions than a batch has, or many would begin as twins.
        books(encoder(draw(max(recipe.batch, 8 * recipe.codes))[0]))
    last = round(recipe.updates * (1 - recipe.settled))
    for update in range(recipe.updates):
        if watch is not None and update % max(1, recipe.updates // 100) == 0:
            watch(update, recipe.updates)
        if update == last:
            for layer in books.layers:
                layer._codebook.has_dead_code_replacement = False
        batch, weight = draw(recipe.batch)
        latents, _, commitment = books(encoder(batch))
        error = ((decoder(latents) - batch) ** 2 * weight).sum(1).mean()
        optimiser.zero_grad(set_to_none=True)
        (error + commitment.sum()).backward()
        optimiser.step()
        scheduler.step()


def _rate(recipe: Recipe, update: int) -> float:
    """The share of the peak rate: a linear warm-up, then a cosine to zero."""
    rising = max(1, round(recipe.updates * recipe.warmup))
    if update < rising:
        return (update + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (update - rising) / max(1, recipe.updates - rising)))


def _padded(body: Floats, size: int) -> Floats:
    padded = np.zeros((len(body), size), np.float32)
    padded[:, : body.shape[1]] = body
    return padded


def _slot_weights(active: int, size: int) -> Floats:
    """A slot's share in a body's mean: even over the active ones, none for padding."""
    weight = np.zeros(size, np.float32)
    weight[:active] = 1 / active
    return weight


def _arrays(networks: dict[str, Any]) -> dict[str, NDArray[Any]]:
    arrays = {}
    for name in ("encoder", "decoder"):
        for number, layer in enumerate(list(networks[name])[::2]):
            arrays[f"{name}.{number}.weight"] = layer.weight.detach().numpy().T.copy()
            arrays[f"{name}.{number}.bias"] = layer.bias.detach().numpy().copy()
    books = networks["codebooks"].layers
    arrays["codebooks"] = np.stack([book.codebook.detach().numpy().copy() for book in books])
    return arrays
