"""Phone screens of our own design: what is drawn on them, and the tree that says the same."""
