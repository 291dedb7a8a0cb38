"""Secrets are masked in every common spelling, and nothing else changes."""

from __future__ import annotations

import base64
import gzip
import html
import itertools
import json
import zlib
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.model import Chunk
from conformance.secrecy.redaction import Redactor
from conformance.secrecy.spelling import SHORT

# No asterisk: a secret of asterisks is indistinguishable from its mask.
LETTERS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "*")
secrets = st.text(LETTERS, min_size=SHORT, max_size=60)
relaxed = settings(deadline=None, max_examples=60)


def spellings(secret: str) -> list[bytes]:
    texts = [secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], html.escape(secret)]
    return [text.encode() for text in texts]


@relaxed
@given(secret=secrets, before=st.binary(), after=st.binary())
@example(secret='sk-"quoted"/&<%\\', before=b"\xff", after=b"\xc3")
def test_no_spelling_of_a_secret_survives_and_no_other_byte_changes(secret: str, before: bytes, after: bytes) -> None:
    for spelling in spellings(secret):
        clean, found = Redactor(secret).data(before + spelling + after)
        assert found >= 1
        assert secret.encode() not in clean
        assert len(clean) == len(before) + len(spelling) + len(after)
        assert spelling not in clean


@relaxed
@given(secret=secrets, before=st.binary(max_size=9), after=st.binary(max_size=9), url_safe=st.booleans())
def test_base64_hides_no_secret_wherever_it_begins(secret: str, before: bytes, after: bytes, *, url_safe: bool) -> None:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    text = encode(before + secret.encode() + after)
    clean, found = Redactor(secret).data(text)
    assert found == 1
    assert len(clean) == len(text)
    # At most the letters that it shares with its neighbours are left.
    assert clean.count(b"*") * 6 > len(secret) * 8 - 2 * 6


@relaxed
@given(secret=secrets, prefix=st.binary(max_size=20), data=st.data())
def test_a_secret_split_over_chunks_is_masked_where_it_lies(secret: str, prefix: bytes, data: st.DataObject) -> None:
    body = prefix + secret.encode() + b"\n" + secret.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=len(body))))
    edges = [0, *cuts, len(body)]
    chunks = tuple(Chunk(float(at), body[start:end]) for at, (start, end) in enumerate(itertools.pairwise(edges)))

    clean, found = Redactor(secret).chunks(chunks)

    assert found == 2
    assert [(chunk.at, len(chunk.data)) for chunk in clean] == [(chunk.at, len(chunk.data)) for chunk in chunks]
    joined = b"".join(chunk.data for chunk in clean)
    assert joined[len(prefix) :] == b"*" * len(secret) + b"\n" + b"*" * len(secret)


@given(body=st.binary(), text=st.text())
@settings(deadline=None)
def test_without_a_secret_nothing_changes(body: bytes, text: str) -> None:
    for redactor in (Redactor(), Redactor(None), Redactor("")):
        assert redactor.data(body) == (body, 0)
        assert redactor.text(text) == (text, 0)
        assert redactor.chunks((Chunk(0.0, body),)) == ((Chunk(0.0, body),), 0)


def test_headers_are_masked_in_name_and_value() -> None:
    secret = "sk-0123456789"
    fields = (("X-Echo", f"you sent {secret}"), (f"x-{secret}", "1"), ("Date", "now"))
    clean, found = Redactor(secret).headers(fields)
    assert clean == (("X-Echo", f"you sent {'*' * 13}"), (f"x-{'*' * 13}", "1"), ("Date", "now"))
    assert found == 2


def test_every_secret_is_masked() -> None:
    assert Redactor("first-secret", None, "second-secret").text("first-secret second-secret") == ("*" * 12 + " " + "*" * 13, 2)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ('{"key": "1234"}', '{"key": "****"}'),
        ("Bearer 1234", "Bearer ****"),
        ('{"created": 1731234567}', '{"created": 1731234567}'),
        ("a1234", "a1234"),
    ],
)
def test_a_short_secret_is_masked_only_where_it_stands_alone(text: str, clean: str) -> None:
    assert Redactor("1234").text(text)[0] == clean


# Escaped, spread and packed

likely = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./+=~", min_size=SHORT, max_size=60)
"""What keys are made of: none of these letters is an escape of itself."""

ESCAPES = [
    lambda char: char,
    lambda char: f"\\u{ord(char):04x}",
    lambda char: f"\\\\u{ord(char):04X}",
    lambda char: f"\\x{ord(char):02x}",
    lambda char: f"%{ord(char):02X}",
    lambda char: f"%25{ord(char):02x}",
    lambda char: f"&#{ord(char)};",
    lambda char: f"&#x{ord(char):x};",
    lambda char: f"&amp;#{ord(char)};",
]


@relaxed
@given(secret=likely, data=st.data())
def test_letters_may_each_be_escaped_in_their_own_way(secret: str, data: st.DataObject) -> None:
    written = "".join(data.draw(st.sampled_from(ESCAPES))(char) for char in secret)
    assert Redactor(secret).text(f'"{written}"') == (f'"{"*" * len(written)}"', 1)


@relaxed
@given(secret=likely, data=st.data(), lanes=st.integers(1, 2))
def test_a_secret_in_pieces_over_the_deltas_of_a_stream_is_masked_in_each(secret: str, data: st.DataObject, lanes: int) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(secret) - 1), min_size=1)))
    pieces = [secret[start:end] for start, end in itertools.pairwise([0, *cuts, len(secret)])]
    events = [
        json.dumps({"choices": [{"index": lane, "delta": {"content": piece if lane == 0 else "other"}}]})
        for piece in pieces
        for lane in range(lanes)
    ]
    body = "".join(f"data: {event}\n\n" for event in events).encode()
    (clean,), found = Redactor(secret).chunks((Chunk(0.0, body),))
    read = [json.loads(line[6:])["choices"][0] for line in clean.data.splitlines() if line]
    assert found == 1
    assert "".join(choice["delta"]["content"] for choice in read if choice["index"] == 0) == "*" * len(secret)
    assert all(choice["delta"]["content"] == "other" for choice in read if choice["index"] == 1)


@relaxed
@given(secret=likely, cut=st.integers(SHORT, 59))
def test_of_a_secret_in_a_body_that_is_cut_off_too_little_stays_to_matter(secret: str, cut: int) -> None:
    part = secret[:cut]
    clean, _ = Redactor(secret).data(b"you sent " + part.encode())
    assert clean == b"you sent " + b"*" * len(part)


def test_a_packed_body_is_masked_if_the_secret_is_in_it_or_may_be() -> None:
    redactor = Redactor("sk-0123456789")
    hiding = gzip.compress(b'{"message":"you sent sk-0123456789"}')
    bomb = gzip.compress(bytes(1 << 24))
    innocent = gzip.compress(b'{"message":"no"}')
    for body, coding, hidden in [
        (hiding, "gzip", True),
        (hiding, "", True),
        (innocent + hiding, "gzip", True),
        (bomb, "gzip", True),
        (innocent, "gzip", False),
        (zlib.compress(b"sk-0123456789"), "deflate", True),
        (b"\x8b\x02\x80...", "br", True),
        (b'{"message":"no"}', "br", False),
    ]:
        (clean,), found = redactor.chunks((Chunk(0.0, body),), coding=coding)
        assert (clean.data == b"*" * len(body), bool(found)) == (hidden, hidden), (body[:20], coding)


@pytest.mark.parametrize("body", [b"%2525" * 400_000, b"\\\\" * 400_000, b'"a":"b"' * 300_000, b"&amp;" * 400_000])
def test_what_would_take_too_long_to_look_through_is_masked(body: bytes) -> None:
    assert Redactor("sk-0123456789").data(body) == (b"*" * len(body), 1)
