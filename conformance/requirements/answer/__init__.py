"""The answer itself, whichever way it travels."""
