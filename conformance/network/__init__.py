"""How bytes get to a target and back."""
