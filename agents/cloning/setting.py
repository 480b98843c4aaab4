"""Hyper-parameters of behaviour cloning."""

from __future__ import annotations

import msgspec

from ..bound import Count, Positive, Share, Whole
from ..perception import demand_net


class CloningConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All ours.

    Attributes:
        observations: fields that are learnt from; none for all that were recorded and can be read.
        net: of ``perception.NETS``, for pictures.
        width: features that pictures give.
        hidden: widths of the layers thereafter.
        dropout: share of hidden units left out while training.
        shift: pictures are moved by up to so many pixels, either way, as they are drawn
            (Kostrikov et al. 2020, arXiv 2004.13649, section 4.1, who move by 4 of 84).
        learning_rate: of Adam; it falls to 0 along half a cosine.
        batch_size: steps an update.
        greedy: of actions in a list, play the likeliest rather than draw one.
    """

    observations: tuple[str, ...] = ()
    net: str = "nature"
    width: Count = 256
    hidden: tuple[Count, ...] = (256, 256)
    dropout: Share = 0.1
    shift: Whole = 4
    learning_rate: Positive = 1e-3
    batch_size: Count = 256
    greedy: bool = True

    def __post_init__(self) -> None:
        """Refuses what no type refuses.

        Raises:
            BadArgument: there is no such net.
        """
        demand_net(self.net)


CONFIGS = {"bc": CloningConfig}
"""The learner by its name."""
