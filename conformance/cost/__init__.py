"""What a run may cost: before it, held during it, and counted after each answer."""
