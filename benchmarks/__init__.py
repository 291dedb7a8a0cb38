"""How fast the suite is, and what it is worth."""
