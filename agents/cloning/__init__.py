"""Behaviour cloning of any task whose actions are vectors or places in a list.

``setting`` holds the hyper-parameters, ``demonstration`` what is learnt from in memory,
``training`` the loop, ``player`` what was learnt as an agent of the evaluator. Vectors of states
and actions alone are the business of ``agents.offline``.
"""
