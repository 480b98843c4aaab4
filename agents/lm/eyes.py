"""Pictures as tokens of a language model: the model's own tower and projector, pooled to a number.

A picture becomes as many tokens as the caller can afford: the grid of patches is resized to a
smaller one by bilinear interpolation, as LLaVA-OneVision does for each frame of a film (14 x 14 =
196 of 27 x 27). Numbers that are no square get the most nearly square grid: 32 is 4 x 8.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...core.errors import BadArgument

MEAN, DEVIATION = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
"""SigLIP's; used where a model's folder does not say its own."""


class Lens:
    """Pictures as a vision tower wants them: resized, and with its mean and deviation.

    Args:
        size: height and width [px].
        settings: of the model's ``preprocessor_config.json``.
    """

    def __init__(self, size: tuple[int, int], settings: Mapping[str, Any]) -> None:
        self.size = size
        self._mean = torch.tensor(settings.get("image_mean") or MEAN)[:, None, None]
        self._deviation = torch.tensor(settings.get("image_std") or DEVIATION)[:, None, None]

    def look(self, pictures: NDArray[np.uint8], device: Any, dtype: torch.dtype) -> Tensor:
        """Pictures uint8 `[N, H, W, 3]` as numbers `[N, 3, h, w]`.

        The whole picture is squeezed into the size: cut edges could hide what matters.
        """
        seen = torch.from_numpy(np.ascontiguousarray(pictures)).to(device).permute(0, 3, 1, 2)
        numbers = seen.float() / 255
        if tuple(numbers.shape[-2:]) != self.size:
            numbers = nn.functional.interpolate(
                numbers, self.size, mode="bicubic", antialias=True
            ).clamp(0, 1)
        return ((numbers - self._mean.to(device)) / self._deviation.to(device)).to(dtype)


class Eyes(abc.ABC):
    """What turns pictures into rows of a language model's input."""

    lens: Lens

    @abc.abstractmethod
    def patches(self, numbers: Tensor) -> Tensor:
        """What the tower and the projector make of pictures: a grid `[N, h, w, D]`."""

    def tokens(self, pictures: NDArray[np.uint8], count: int, device: Any, dtype: Any) -> Tensor:
        """Pictures uint8 `[N, H, W, 3]` as tokens `[N, count, D]`."""
        return self.tokens_of(self.lens.look(pictures, device, dtype), count)

    def tokens_of(self, numbers: Tensor, count: int) -> Tensor:
        """The same of what the lens has made of pictures, `[N, 3, h, w]`."""
        return pooled(self.patches(numbers), count)


def grid_of(count: int, height: int, width: int) -> tuple[int, int]:
    """Rows and columns of a grid of so many tokens, as near as may be to a picture's own.

    Raises:
        BadArgument: the picture has fewer patches than tokens are asked for.
    """
    if not 0 < count <= height * width:
        raise BadArgument(
            f"{count} tokens are asked for of a picture of {height} x {width} patches"
        )
    rows = [one for one in range(1, count + 1) if count % one == 0]
    best = min(rows, key=lambda one: abs(math.log((count / one / one) / (width / height))))
    return best, count // best


def pooled(grid: Tensor, count: int) -> Tensor:
    """A grid of patches `[N, h, w, D]` as so many tokens `[N, count, D]`."""
    size = grid_of(count, grid.shape[1], grid.shape[2])
    channels = grid.permute(0, 3, 1, 2)
    if size != tuple(channels.shape[-2:]):
        # Half-precision CPUs lack this kernel; single precision costs nothing beside the tower.
        channels = nn.functional.interpolate(channels.float(), size, mode="bilinear").to(grid.dtype)
    return channels.flatten(2).transpose(1, 2)


class LlavaEyes(Eyes):
    """Those of the LLaVA family: ``vision_tower``, a chosen layer, ``multi_modal_projector``."""

    def __init__(self, model: Any, settings: Mapping[str, Any]) -> None:
        self._inner, config = model.model, model.config
        size = config.vision_config.image_size
        self.side = size // config.vision_config.patch_size
        self._layer = config.vision_feature_layer
        self._skips_first = config.vision_feature_select_strategy == "default"
        self.lens = Lens((size, size), settings)

    def patches(self, numbers: Tensor) -> Tensor:
        """The projected patches."""
        out = self._inner.vision_tower(numbers, output_hidden_states=True)
        layers = [self._layer] if isinstance(self._layer, int) else self._layer
        chosen = torch.cat([out.hidden_states[layer] for layer in layers], -1)
        chosen = chosen[:, 1:] if self._skips_first else chosen
        found: Tensor = self._inner.multi_modal_projector(chosen)
        return found.view(len(numbers), self.side, self.side, -1)


class QwenEyes(Eyes):
    """Those of Qwen-VL: patches laid out in a row, merged by the tower itself.

    Args:
        model: Qwen2-VL, Qwen2.5-VL or a like one.
        settings: of its ``preprocessor_config.json``.
        side: pictures are squeezed to so many pixels a side; a multiple of patch times merge.
    """

    def __init__(self, model: Any, settings: Mapping[str, Any], side: int = 336) -> None:
        self._tower, vision = model.model.visual, model.config.vision_config
        self._patch, self._merge = vision.patch_size, vision.spatial_merge_size
        self._frames = vision.temporal_patch_size
        step = self._patch * self._merge
        side = max(step, side // step * step)
        self.lens = Lens((side, side), settings)

    def patches(self, numbers: Tensor) -> Tensor:
        """The merged patches."""
        count, channels, height, width = numbers.shape
        patch, merge = self._patch, self._merge
        rows, columns = height // patch, width // patch
        # As Qwen2VLImageProcessor lays them out: blocks that are merged lie side by side.
        laid = numbers[:, None].expand(-1, self._frames, -1, -1, -1).reshape(
            count, self._frames, channels, rows // merge, merge, patch, columns // merge, merge,
            patch,
        ).permute(0, 3, 6, 4, 7, 2, 1, 5, 8).reshape(count * rows * columns, -1)  # fmt: skip
        grid = torch.tensor([[1, rows, columns]] * count, device=numbers.device)
        out = self._tower(laid, grid_thw=grid)
        merged: Tensor = getattr(out, "pooler_output", out)
        return merged.view(count, rows // merge, columns // merge, -1)


def eyes_of(model: Any, settings: Mapping[str, Any]) -> Eyes | None:
    """The eyes of a model; None where it is blind.

    Raises:
        BadArgument: it has some, of a kind that is not known here.
    """
    inner = getattr(model, "model", model)
    if hasattr(inner, "vision_tower") and hasattr(inner, "multi_modal_projector"):
        return LlavaEyes(model, settings)
    if hasattr(inner, "visual"):
        return QwenEyes(model, settings)
    if getattr(model.config, "vision_config", None) is not None:
        raise BadArgument(
            f"how {type(model).__name__} sees is not known here: models with a vision_tower and a "
            "multi_modal_projector (LLaVA), or with visual (Qwen-VL), are"
        )
    return None
