"""GEA: one multimodal language model over all bodies, from demonstrations to online reinforcement.

Szot et al. 2025, "From Multimodal LLMs to Generalist Embodied Agents: Methods and Lessons"
(arXiv 2412.08442). No code of it is public; what the paper leaves open is decided here, and said
where it is.
"""
