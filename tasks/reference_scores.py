"""Published scores of random and skilled players, against which returns are normalised."""

from __future__ import annotations

from typing import NamedTuple


class Reference(NamedTuple):
    """Total rewards that map to 0 and to 1."""

    floor: float
    ceiling: float

    def normalise(self, total_reward: float) -> float:
        """Min-max normalisation: 0 at the floor, 1 at the ceiling."""
        return (total_reward - self.floor) / (self.ceiling - self.floor)

    def over_ceiling(self, total_reward: float) -> float:
        """The total reward as a share of the ceiling; the floor does not enter."""
        return total_reward / self.ceiling

    def absolute(self, total_reward: float) -> float:
        """Distance from the floor, whatever its sign, over ceiling minus floor.

        The formula ``|score - random| / (human - random)`` of GEA. A player worse than random
        gains by it, so this suite reports it beside the signed figure and never ranks by it.
        """
        return abs(total_reward - self.floor) / (self.ceiling - self.floor)


PROCGEN_SOURCE = "Cobbe et al. 2020, Leveraging Procedural Generation, appendix C (R_min, R_max)"
"""Where the Procgen figures were published."""

PROCGEN_EASY: dict[str, Reference] = {
    "bigfish": Reference(1, 40),
    "bossfight": Reference(0.5, 13),
    "caveflyer": Reference(3.5, 12),
    "chaser": Reference(0.5, 13),
    "climber": Reference(2, 12.6),
    "coinrun": Reference(5, 10),
    "dodgeball": Reference(1.5, 19),
    "fruitbot": Reference(-1.5, 32.4),
    "heist": Reference(3.5, 10),
    "jumper": Reference(3, 10),
    "leaper": Reference(3, 10),
    "maze": Reference(5, 10),
    "miner": Reference(1.5, 13),
    "ninja": Reference(3.5, 10),
    "plunder": Reference(4.5, 30),
    "starpilot": Reference(2.5, 64),
}
"""R_min (a blind policy) and R_max (the theoretical or best known maximum), easy levels."""

PROCGEN_HARD: dict[str, Reference] = {
    "bigfish": Reference(0, 40),
    "bossfight": Reference(0.5, 13),
    "caveflyer": Reference(2, 13.4),
    "chaser": Reference(0.5, 14.2),
    "climber": Reference(1, 12.6),
    "coinrun": Reference(5, 10),
    "dodgeball": Reference(1.5, 19),
    "fruitbot": Reference(-0.5, 27.2),
    "heist": Reference(2, 10),
    "jumper": Reference(1, 10),
    "leaper": Reference(1.5, 10),
    "maze": Reference(4, 10),
    "miner": Reference(1.5, 20),
    "ninja": Reference(2, 10),
    "plunder": Reference(3, 30),
    "starpilot": Reference(1.5, 35),
}
"""R_min and R_max, hard levels."""

ATARI_SOURCE = (
    "random and human scores of Atari-57, 1 to 30 no-op starts, 108,000 frames "
    "(Mnih et al. 2015; Wang et al. 2016; as collected in DQN Zoo, atari_data.py)"
)
"""Where the Atari figures were published.

Collections differ on one figure: some give 0 for the random player in Video Pinball.
"""

ATARI: dict[str, Reference] = {
    "alien": Reference(227.8, 7127.7),
    "amidar": Reference(5.8, 1719.5),
    "assault": Reference(222.4, 742.0),
    "asterix": Reference(210.0, 8503.3),
    "asteroids": Reference(719.1, 47388.7),
    "atlantis": Reference(12850.0, 29028.1),
    "bank_heist": Reference(14.2, 753.1),
    "battle_zone": Reference(2360.0, 37187.5),
    "beam_rider": Reference(363.9, 16926.5),
    "berzerk": Reference(123.7, 2630.4),
    "bowling": Reference(23.1, 160.7),
    "boxing": Reference(0.1, 12.1),
    "breakout": Reference(1.7, 30.5),
    "centipede": Reference(2090.9, 12017.0),
    "chopper_command": Reference(811.0, 7387.8),
    "crazy_climber": Reference(10780.5, 35829.4),
    "defender": Reference(2874.5, 18688.9),
    "demon_attack": Reference(152.1, 1971.0),
    "double_dunk": Reference(-18.6, -16.4),
    "enduro": Reference(0.0, 860.5),
    "fishing_derby": Reference(-91.7, -38.7),
    "freeway": Reference(0.0, 29.6),
    "frostbite": Reference(65.2, 4334.7),
    "gopher": Reference(257.6, 2412.5),
    "gravitar": Reference(173.0, 3351.4),
    "hero": Reference(1027.0, 30826.4),
    "ice_hockey": Reference(-11.2, 0.9),
    "jamesbond": Reference(29.0, 302.8),
    "kangaroo": Reference(52.0, 3035.0),
    "krull": Reference(1598.0, 2665.5),
    "kung_fu_master": Reference(258.5, 22736.3),
    "montezuma_revenge": Reference(0.0, 4753.3),
    "ms_pacman": Reference(307.3, 6951.6),
    "name_this_game": Reference(2292.3, 8049.0),
    "phoenix": Reference(761.4, 7242.6),
    "pitfall": Reference(-229.4, 6463.7),
    "pong": Reference(-20.7, 14.6),
    "private_eye": Reference(24.9, 69571.3),
    "qbert": Reference(163.9, 13455.0),
    "riverraid": Reference(1338.5, 17118.0),
    "road_runner": Reference(11.5, 7845.0),
    "robotank": Reference(2.2, 11.9),
    "seaquest": Reference(68.4, 42054.7),
    "skiing": Reference(-17098.1, -4336.9),
    "solaris": Reference(1236.3, 12326.7),
    "space_invaders": Reference(148.0, 1668.7),
    "star_gunner": Reference(664.0, 10250.0),
    "surround": Reference(-10.0, 6.5),
    "tennis": Reference(-23.8, -8.3),
    "time_pilot": Reference(3568.0, 5229.2),
    "tutankham": Reference(11.4, 167.6),
    "up_n_down": Reference(533.4, 11693.2),
    "venture": Reference(0.0, 1187.5),
    "video_pinball": Reference(16256.9, 17667.9),
    "wizard_of_wor": Reference(563.5, 4756.5),
    "yars_revenge": Reference(3092.9, 54576.9),
    "zaxxon": Reference(32.5, 9173.3),
}
"""Random player and professional human tester, by ALE's name of the game."""
