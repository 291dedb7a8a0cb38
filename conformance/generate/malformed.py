"""Request bodies that are not a JSON object, or are one in a way that readers disagree about.

RFC 8259 is the measure. Where it leaves readers a choice (section 4: equal names; section 8.1: a byte order mark; section 8.2: lone
surrogates), both answers are legal and only their manner is judged.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from conformance.model import Expectation, Json, Violation

DEPTH: Final = 10_000
"""Levels of nesting: far beyond any real request, and past the recursion limit of readers that have none of their own."""

_CLAUSES: Final = {
    "json": "/x-errors/bad-json",
    "type": "/x-errors/bad-json",
    "encoding": "/x-http/json-utf-8",
    "literal": "/x-http/json-strict",
    "equal-names": "/x-http/json-strict",
    "magnitude": "/x-request/out-of-range",
    "size": "/x-errors/too-large",
    "media-type": "/x-errors/wrong-content-type",
}
"""The clause of the contract that each kind of flaw goes against."""
DIGITS: Final = 5_000

LARGE: Final = 3 * 1024 * 1024
"""Bytes of the large body: more than proxies and frameworks let through as they come, and a picture or two in real requests."""

_JSON: Final = "application/json"
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A request whose body, or the label on it, is wrong before any schema is looked at."""

    key: str
    body: bytes
    content_type: str | None
    """None sends no such header."""
    violation: Violation
    expect: Expectation
    content_encoding: str | None = None


def malformed(minimal: dict[str, Json]) -> tuple[Malformed, ...]:
    """All of them, made from a body that the target accepts, so that the flaw is the only reason to refuse."""
    return (*_not_json(minimal), *_not_an_object(minimal), *_magnitudes(minimal), *_disputed(minimal), *_mislabelled(minimal))


def _not_json(minimal: dict[str, Json]) -> Iterator[Malformed]:
    text = _encode(minimal)
    opened = text[:-1]

    def broken(name: str, body: bytes, sent: str, constraint: str = "json") -> Malformed:
        return _case(f"json/{name}", body, constraint, sent)

    yield broken("empty", b"", "no bytes at all")
    yield broken("whitespace", b" \r\n\t", "white space alone")
    yield broken("truncated", opened, "the closing brace is missing")
    yield broken("cut-in-half", text[: len(text) // 2], "the first half of the body")
    yield broken("trailing-comma", opened + b",}", "a comma before the closing brace")
    yield broken("trailing-garbage", text + b"}", "one closing brace too many")
    yield broken("two-documents", text + b"\n" + text, "the body twice")
    yield broken("single-quotes", text.replace(b'"', b"'"), "single quotes")
    yield broken("bare-names", text.replace(b'"model"', b"model", 1), "a member name without quotes")
    yield broken("comment", b"/* hello */" + text, "a comment")
    yield broken("line-break-in-string", opened + b',"user":"a\nb"}', "a raw line break inside a string")
    yield broken("bad-escape", opened + rb',"user":"\x41"}', r"the escape \x41")
    yield broken("invalid-utf8", opened + b',"user":"\xc3\x28"}', "the bytes C3 28 inside a string", "encoding")
    yield broken("raw-surrogate", opened + b',"user":"\xed\xa0\x80"}', "the bytes ED A0 80, a lone surrogate, inside a string", "encoding")
    yield broken("overlong", opened + b',"user":"\xc0\xaf"}', "the bytes C0 AF, a slash written too long, inside a string", "encoding")
    yield broken("cut-character", opened + b',"user":"\xe2\x82"}', "the first two bytes of three inside a string", "encoding")
    yield broken("unclosed", opened + b',"x_open":' + b"[" * DEPTH, f"{DEPTH} arrays that are never closed")
    yield broken("gzip", gzip.compress(text, mtime=0), "a body compressed by gzip, and not said to be")
    yield broken("nan", opened + b',"temperature":NaN}', "NaN", "literal")
    yield broken("infinity", opened + b',"temperature":Infinity}', "Infinity", "literal")
    yield broken("minus-infinity", opened + b',"temperature":-Infinity}', "-Infinity", "literal")


def _not_an_object(minimal: dict[str, Json]) -> Iterator[Malformed]:
    text = _encode(minimal)
    bodies: dict[str, bytes] = {
        "array": b"[]",
        "array-of-body": b"[" + text + b"]",
        "string": b'"Hello"',
        "encoded-twice": json.dumps(text.decode()).encode(),
        "number": b"42",
        "true": b"true",
        "null": b"null",
    }
    for name, body in bodies.items():
        yield _case(f"body/{name}", body, "type", _shown(body))
    yield _case("body/deep", b"[" * DEPTH + b"]" * DEPTH, "type", f"arrays, {DEPTH} deep")


def _magnitudes(minimal: dict[str, Json]) -> Iterator[Malformed]:
    """JSON that RFC 8259 allows, with a number that no reader can hold as it is (section 6). It is out of range whatever is made of it."""
    opened = _encode({name: value for name, value in minimal.items() if name != "temperature"})[:-1]

    def huge(name: str, number: str, sent: str) -> Malformed:
        return _case(f"number/{name}", opened + f',"temperature":{number}}}'.encode(), "magnitude", sent)

    yield huge("exponent", "1e400", "temperature 1e400")
    yield huge("integer", "1" + "0" * 400, "temperature 1 and 400 zeros")
    # Past the 4,300 digits at which readers in Python give up (CVE-2020-10735).
    yield huge("digits", "9" * DIGITS, f"temperature as {DIGITS} nines")


def large(minimal: dict[str, Json]) -> Malformed:
    """A body of several MiB that is no JSON, so that it is never answered with a completion that somebody has to pay."""
    body = _encode(minimal)[:-1] + b" " * LARGE
    return _case(
        "blank", body, "size", f"{LARGE} bytes of white space before the end of a body that never comes", expect=Expectation.EITHER
    )


def _disputed(minimal: dict[str, Json]) -> Iterator[Malformed]:
    text = _encode(minimal)
    opened = text[:-1]
    either = Expectation.EITHER
    again = b',"model":' + json.dumps(minimal.get("model")).encode() + b"}"
    yield _case("json/byte-order-mark", b"\xef\xbb\xbf" + text, "encoding", "a byte order mark first", expect=either)
    yield _case("json/utf-16", text.decode().encode("utf-16"), "encoding", "UTF-16", expect=either)
    yield _case("json/lone-surrogate", opened + rb',"user":"\ud800"}', "encoding", r"the escape \ud800 alone", expect=either)
    yield _case("json/nul", opened + rb',"user":"a\u0000b"}', "encoding", r"the escape \u0000", expect=either)
    yield _case("json/equal-names", opened + again, "equal-names", "`model` twice, alike", expect=either)
    twice = b',"temperature":0,"temperature":1}'
    yield _case("json/unlike-names", opened + twice, "equal-names", "`temperature` twice, as 0 and as 1", expect=either)
    yield _case("json/utf-16-bare", text.decode().encode("utf-16-le"), "encoding", "UTF-16 without a byte order mark", expect=either)
    yield _case("json/utf-32", text.decode().encode("utf-32"), "encoding", "UTF-32", expect=either)
    objects = b'{"a":' * DEPTH + b"1" + b"}" * DEPTH
    yield _case("json/deep-objects", opened + b',"x_deep":' + objects + b"}", "json", f"objects, {DEPTH} deep", expect=either)
    deep = b"[" * DEPTH + b"]" * DEPTH
    yield _case("json/deep-unknown", opened + b',"x_deep":' + deep + b"}", "json", f"arrays, {DEPTH} deep", expect=either)


def _mislabelled(minimal: dict[str, Json]) -> Iterator[Malformed]:
    text = _encode(minimal)
    form = urlencode({name: json.dumps(value) for name, value in minimal.items()}).encode()
    either = Expectation.EITHER
    urlencoded = "application/x-www-form-urlencoded"

    def labelled(name: str, body: bytes, content_type: str | None, expect: Expectation) -> Malformed:
        sent = content_type or "no Content-Type"
        return _case(f"content-type/{name}", body, "media-type", sent, content_type=content_type, expect=expect)

    yield labelled("form", form, urlencoded, Expectation.REFUSED)
    yield labelled("form-label", text, urlencoded, either)
    yield labelled("multipart", text, "multipart/form-data; boundary=x", either)
    yield replace(
        _case("content-encoding/gzip", gzip.compress(text, mtime=0), "media-type", "Content-Encoding: gzip, and it is", expect=either),
        content_encoding="gzip",
    )
    yield labelled("text", text, "text/plain", either)
    yield labelled("none", text, None, either)
    yield labelled("nonsense", text, "nonsense", either)


def _case(
    key: str,
    body: bytes,
    constraint: str,
    sent: str,
    *,
    content_type: str | None = _JSON,
    expect: Expectation = Expectation.REFUSED,
) -> Malformed:
    violation = Violation(constraint=constraint, pointer="", clause=_CLAUSES[constraint], sent=sent, core=expect is Expectation.REFUSED)
    return Malformed(key=key, body=body, content_type=content_type, violation=violation, expect=expect)


def _encode(minimal: dict[str, Json]) -> bytes:
    return json.dumps(minimal, separators=(",", ":")).encode()


def _shown(body: bytes) -> str:
    text = body.decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
