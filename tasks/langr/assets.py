"""The 81 assets of Language Rearrangement: what each is, and how large.

An asset's frame is z up with its origin near the middle; +x along its longer side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from .vocabulary import CATEGORIES


class Asset(msgspec.Struct, frozen=True):
    """One kind of thing.

    Attributes:
        name: of YCB and ReplicaCAD, without ``.object_config.json``.
        category: one of the 33.
        footprint: length and width when it stands or lies as usual [m].
        rest: height of its origin above what it then stands on [m].
    """

    name: str
    category: str
    footprint: tuple[float, float]
    rest: float

    @property
    def radius(self) -> float:
        """Of a circle around its footprint [m]."""
        return math.hypot(*self.footprint) / 2


ASSETS: Mapping[str, Asset] = MappingProxyType({asset.name: asset for asset in (
    Asset("002_master_chef_can", "can", (0.102, 0.102), 0.0691),
    Asset("003_cracker_box", "box", (0.158, 0.060), 0.1059),
    Asset("004_sugar_box", "box", (0.089, 0.038), 0.0871),
    Asset("005_tomato_soup_can", "can", (0.066, 0.066), 0.0501),
    Asset("007_tuna_fish_can", "can", (0.085, 0.085), 0.0159),
    Asset("008_pudding_box", "box", (0.110, 0.089), 0.0185),
    Asset("009_gelatin_box", "box", (0.085, 0.073), 0.0141),
    Asset("010_potted_meat_can", "can", (0.097, 0.050), 0.0409),
    Asset("011_banana", "banana", (0.190, 0.090), 0.0170),
    Asset("012_strawberry", "strawberry", (0.055, 0.044), 0.0221),
    Asset("013_apple", "apple", (0.075, 0.075), 0.0351),
    Asset("014_lemon", "lemon", (0.068, 0.054), 0.0257),
    Asset("015_peach", "peach", (0.059, 0.059), 0.0263),
    Asset("016_pear", "pear", (0.100, 0.066), 0.0271),
    Asset("017_orange", "orange", (0.073, 0.073), 0.0349),
    Asset("018_plum", "plum", (0.052, 0.052), 0.0257),
    Asset("021_bleach_cleanser", "cleanser", (0.098, 0.065), 0.1244),
    Asset("024_bowl", "bowl", (0.159, 0.159), 0.0266),
    Asset("025_mug", "mug", (0.117, 0.093), 0.0398),
    Asset("026_sponge", "sponge", (0.114, 0.072), 0.0084),
    Asset("028_skillet_lid", "lid", (0.270, 0.270), 0.0363),
    Asset("029_plate", "plate", (0.258, 0.258), 0.0126),
    Asset("031_spoon", "spoon", (0.195, 0.040), 0.0094),
    Asset("032_knife", "knife", (0.215, 0.022), 0.0070),
    Asset("033_spatula", "spatula", (0.350, 0.083), 0.0145),
    Asset("035_power_drill", "drill", (0.184, 0.187), 0.0270),
    Asset("036_wood_block", "block", (0.085, 0.085), 0.1021),
    Asset("037_scissors", "scissors", (0.200, 0.087), 0.0064),
    Asset("038_padlock", "padlock", (0.065, 0.047), 0.0135),
    Asset("042_adjustable_wrench", "wrench", (0.205, 0.055), 0.0051),
    Asset("043_phillips_screwdriver", "screwdriver", (0.215, 0.031), 0.0104),
    Asset("044_flat_screwdriver", "screwdriver", (0.215, 0.031), 0.0131),
    Asset("048_hammer", "hammer", (0.330, 0.135), 0.0152),
    Asset("050_medium_clamp", "clamp", (0.115, 0.090), 0.0120),
    Asset("051_large_clamp", "clamp", (0.165, 0.125), 0.0164),
    Asset("052_extra_large_clamp", "clamp", (0.213, 0.165), 0.0170),
    Asset("053_mini_soccer_ball", "ball", (0.124, 0.124), 0.0618),
    Asset("054_softball", "ball", (0.096, 0.096), 0.0466),
    Asset("055_baseball", "ball", (0.073, 0.073), 0.0354),
    Asset("056_tennis_ball", "ball", (0.065, 0.065), 0.0325),
    Asset("057_racquetball", "ball", (0.055, 0.055), 0.0269),
    Asset("065-a_cups", "cup", (0.060, 0.060), 0.0298),
    Asset("065-b_cups", "cup", (0.065, 0.065), 0.0310),
    Asset("065-c_cups", "cup", (0.070, 0.070), 0.0324),
    Asset("065-d_cups", "cup", (0.075, 0.075), 0.0336),
    Asset("065-e_cups", "cup", (0.080, 0.080), 0.0345),
    Asset("065-f_cups", "cup", (0.085, 0.085), 0.0352),
    Asset("065-g_cups", "cup", (0.090, 0.090), 0.0361),
    Asset("065-h_cups", "cup", (0.095, 0.095), 0.0366),
    Asset("065-i_cups", "cup", (0.100, 0.100), 0.0368),
    Asset("065-j_cups", "cup", (0.105, 0.105), 0.0368),
    Asset("070-a_colored_wood_blocks", "block", (0.080, 0.080), 0.0807),
    Asset("070-b_colored_wood_blocks", "block", (0.120, 0.100), 0.0120),
    Asset("072-a_toy_airplane", "toy airplane", (0.200, 0.190), 0.0904),
    Asset("072-b_toy_airplane", "toy airplane", (0.130, 0.060), 0.0288),
    Asset("072-c_toy_airplane", "toy airplane", (0.110, 0.100), 0.0325),
    Asset("072-d_toy_airplane", "toy airplane", (0.120, 0.090), 0.0323),
    Asset("072-e_toy_airplane", "toy airplane", (0.120, 0.060), 0.0322),
    Asset("073-a_lego_duplo", "lego", (0.064, 0.032), 0.0110),
    Asset("073-b_lego_duplo", "lego", (0.064, 0.032), 0.0207),
    Asset("073-c_lego_duplo", "lego", (0.032, 0.032), 0.0109),
    Asset("073-d_lego_duplo", "lego", (0.032, 0.032), 0.0207),
    Asset("073-e_lego_duplo", "lego", (0.064, 0.064), 0.0207),
    Asset("073-f_lego_duplo", "lego", (0.064, 0.064), 0.0208),
    Asset("073-g_lego_duplo", "lego", (0.096, 0.064), 0.0284),
    Asset("077_rubiks_cube", "rubriks cube", (0.057, 0.057), 0.0281),
    Asset("frl_apartment_book_01", "book", (0.130, 0.030), 0.0889),
    Asset("frl_apartment_book_02", "book", (0.160, 0.035), 0.1089),
    Asset("frl_apartment_book_03", "book", (0.120, 0.025), 0.0817),
    Asset("frl_apartment_book_04", "book", (0.110, 0.030), 0.0756),
    Asset("frl_apartment_book_05", "book", (0.130, 0.040), 0.0866),
    Asset("frl_apartment_book_06", "book", (0.200, 0.030), 0.1322),
    Asset("frl_apartment_bowl_01", "bowl", (0.260, 0.260), 0.0788),
    Asset("frl_apartment_bowl_02", "bowl", (0.220, 0.220), 0.0652),
    Asset("frl_apartment_bowl_03", "bowl", (0.200, 0.200), 0.0574),
    Asset("frl_apartment_bowl_06", "bowl", (0.150, 0.150), 0.0363),
    Asset("frl_apartment_bowl_07", "bowl", (0.240, 0.240), 0.0720),
    Asset("frl_apartment_cup_01", "cup", (0.080, 0.080), 0.0342),
    Asset("frl_apartment_cup_02", "cup", (0.090, 0.090), 0.0463),
    Asset("frl_apartment_cup_03", "cup", (0.085, 0.085), 0.0349),
    Asset("frl_apartment_cup_05", "cup", (0.080, 0.080), 0.0305),
)})  # fmt: skip
"""By name. Heights are medians over the official episodes' placements; lengths and widths are
those that the YCB object set states, or estimates where it states none (cups, blocks, bricks,
aeroplanes, books and bowls)."""

ASSETS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        category: tuple(asset.name for asset in ASSETS.values() if asset.category == category)
        for category in CATEGORIES
    }
)
"""The assets of each category, by name."""
