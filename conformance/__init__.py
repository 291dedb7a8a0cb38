"""A conformance suite for `POST /v1/chat/completions`."""

__version__ = "0.1.0"
