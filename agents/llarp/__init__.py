"""LLaRP: a frozen language model that is taught to act by reinforcement alone.

Szot et al. 2023, "Large Language Models as Generalizable Policies for Embodied Tasks" (arXiv
2310.17722); what the paper leaves open is as in its released code (github.com/apple/ml-llarp).
"""
