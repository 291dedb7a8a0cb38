"""How planned requests are sent: in which order, how many at once, how fast, and what is done about lost answers."""
