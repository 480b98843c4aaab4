"""Robots among people that learn nothing: they act by ``state``, and by ``lidar`` where offered."""
