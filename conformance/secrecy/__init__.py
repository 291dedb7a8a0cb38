"""What keeps secrets out of whatever is written."""
