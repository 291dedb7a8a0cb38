"""Streaming: framing, chunks, order and end."""
