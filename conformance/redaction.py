"""Keeps secrets out of the record: what a target echoes is masked byte for byte, so that offsets, spans and chunks stay. Pure.

A secret is recognised as it is, and as it looks after percent-encoding, JSON or HTML escaping, or base64 at each of the three
positions it may have within a group. Each found form is replaced by as many asterisks as it has bytes. What a target does to
it beyond that (encryption, compression, one letter per event) is not undone.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final
from urllib.parse import quote, quote_plus

from conformance.model import Chunk

SHORT: Final = 8
"""A secret with fewer characters is masked only where it stands alone: inside a longer word or number it is a coincidence, and
masking there would turn a good answer into a bad one. Its base64 forms are not looked for, for the same reason."""

_LETTER: Final = "[A-Za-z0-9_]"


class Redactor:
    """Masks secrets; without any it changes nothing. Thread-safe."""

    def __init__(self, *secrets: str | None) -> None:
        forms = {form: len(secret) < SHORT for secret in secrets if secret for form in _forms(secret)}
        # Longest first: alternatives are tried in order, and one form may begin with another.
        patterns = [_alone(form) if short else re.escape(form) for form, short in sorted(forms.items(), key=lambda f: -len(f[0]))]
        self._text = re.compile("|".join(patterns)) if patterns else None
        self._bytes = re.compile("|".join(patterns).encode()) if patterns else None

    def text(self, value: str) -> tuple[str, int]:
        """Return the text without secrets, and how many were found."""
        if self._text is None:
            return value, 0
        return self._text.subn(lambda found: "*" * len(found.group()), value)

    def data(self, value: bytes) -> tuple[bytes, int]:
        """Return the bytes without secrets, and how many were found."""
        if self._bytes is None:
            return value, 0
        return self._bytes.subn(lambda found: b"*" * len(found.group()), value)

    def headers(self, fields: Iterable[tuple[str, str]]) -> tuple[tuple[tuple[str, str], ...], int]:
        """Return the header fields without secrets in names or values, and how many were found."""
        cleaned, total = [], 0
        for name, value in fields:
            clean_name, in_name = self.text(name)
            clean_value, in_value = self.text(value)
            cleaned.append((clean_name, clean_value))
            total += in_name + in_value
        return tuple(cleaned), total

    def chunks(self, chunks: tuple[Chunk, ...]) -> tuple[tuple[Chunk, ...], int]:
        """Return chunks of the same sizes and times without secrets, not even one that is split over several; and how many."""
        clean, found = self.data(b"".join(chunk.data for chunk in chunks))
        if not found:
            return chunks, 0
        ends = accumulate(len(chunk.data) for chunk in chunks)
        return tuple(Chunk(chunk.at, clean[end - len(chunk.data) : end]) for chunk, end in zip(chunks, ends, strict=True)), found


def _alone(form: str) -> str:
    return f"(?<!{_LETTER}){re.escape(form)}(?!{_LETTER})"


def _forms(secret: str) -> Iterator[str]:
    """Every spelling under which the secret is looked for."""
    escaped = json.dumps(secret)[1:-1]
    yield from (secret, escaped, escaped.replace("/", "\\/"), html.escape(secret))
    for percent in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield percent
        yield re.sub("%[0-9A-F]{2}", lambda code: code.group().lower(), percent)
    if len(secret) >= SHORT:
        yield from _base64_forms(secret.encode())


def _base64_forms(secret: bytes) -> Iterator[str]:
    """Those letters of a base64 text that depend on the secret alone, wherever in the text it begins (RFC 4648, section 4)."""
    for before in range(3):
        first = -(-before * 8 // 6)
        last = (before + len(secret)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + secret).decode()[first:last]
