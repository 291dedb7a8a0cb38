"""Error envelopes and statuses."""
