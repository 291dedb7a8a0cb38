"""Mistakes and mishaps of a field trial, told in one sentence."""

from __future__ import annotations


class FieldError(Exception):
    """A server could not be installed, started or tested, or the manifest is wrong."""
