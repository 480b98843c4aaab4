"""Agents that learn by playing: PPO and SAC of Stable-Baselines3, wired to the tasks of this suite.

``worlds`` is what they play in, ``setting`` their hyper-parameters, ``training`` one training from
its beginning or its checkpoint to its end, ``player`` what was learnt as an agent of the evaluator.
"""
