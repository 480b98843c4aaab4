"""What a robot among people sees: rooms, squares, furniture and walking people, in MuJoCo."""
