"""Social navigation: a planar world of robots and people, its logs and their metrics."""
