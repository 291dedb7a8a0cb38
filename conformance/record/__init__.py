"""The record of a run: its format, its file, and what is done with saved ones."""
