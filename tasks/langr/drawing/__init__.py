"""Homes, objects and the robot as MuJoCo models; only MuJoCo's world draws from here."""
