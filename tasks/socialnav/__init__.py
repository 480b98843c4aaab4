"""Social navigation: a robot among people, in the plane."""
