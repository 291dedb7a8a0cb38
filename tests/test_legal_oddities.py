"""What is odd and yet legal in a stream must not be held against a server: nothing here fails a requirement that binds.

The reference server answers without a socket, each variant writing its streams in another legal way; then every requirement about
streaming judges what came. The requirements that each variant may trip, and does, are named: all of them SHOULD or MAY.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance import registry
from conformance.judge import judge
from conformance.model import Area, Json, Level, Outcome
from conformance.observation import Evidence
from conformance.provenance import Identity
from conformance.reference.behaviour import CHUNKS, FRAMES, STREAM, Behaviour, Chunks, Defect, Frames, Seam
from conformance.reference.behaviour import Call as ServerCall
from conformance.reference.frames import DONE
from conformance.reference.pieces import each_choice
from conformance.reference.service import MODEL, Service
from conformance.reference.transport import Reply
from tests.recording import READING, Records, asked, exchange

REQUIREMENTS = tuple(each for each in registry.load().requirements if each.area is Area.STREAMING)


def outcomes(seam: Seam[Any] | None = None, act: Callable[[Any, ServerCall], Any] | None = None) -> dict[Outcome, set[str]]:
    """Outcome and requirements, for a server that writes its streams in this way."""
    way = None
    if seam is not None and act is not None:
        way = Defect(id="way", sentence="", area="", trips=frozenset(), incident="", seam=seam.name, act=act)
    service = Service(READING, behaviour=Behaviour(way))
    records = Records({purpose.key: exchange(service, purpose, request) for purpose, request in asked()})
    verdicts = judge(Evidence(records, READING, Identity(base_url="", model=MODEL)), REQUIREMENTS)
    return {outcome: {verdict.requirement for verdict in verdicts if verdict.outcome is outcome} for outcome in Outcome}


def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Frames, ServerCall], Frames]:
    """Write every event in another way."""
    return lambda frames, _: (change(frame) if isinstance(frame, bytes) else frame for frame in frames)


def escaped(frame: bytes) -> bytes:
    """Write the JSON of an event in ASCII."""
    data = frame.removeprefix(b"data: ")
    return frame if frame == DONE else b"data: " + json.dumps(json.loads(data)).encode() + b"\n\n"


def each(change: Callable[[dict[str, Json], dict[str, Json], bool], None]) -> Callable[[Chunks, ServerCall], Chunks]:
    """Change every choice and its delta in place, told whether it is the first of its index."""

    def act(chunks: Chunks, _: ServerCall) -> Chunks:
        seen: set[str] = set()
        for chunk in chunks:
            for choice in each_choice(chunk):
                delta = choice["delta"]
                assert isinstance(delta, dict)
                change(choice, delta, str(choice["index"]) not in seen)
                seen.add(str(choice["index"]))
            yield chunk

    return act


def bytewise(frames: Frames, _: ServerCall) -> Frames:
    for frame in frames:
        if isinstance(frame, bytes):
            yield from (frame[place : place + 1] for place in range(len(frame)))


def at_once(frames: Frames, _: ServerCall) -> Frames:
    yield b"".join(frame for frame in frames if isinstance(frame, bytes))


def comment_after_the_end(frames: Frames, _: ServerCall) -> Frames:
    yield from frames
    yield b": bye\n\n"


def nulls(choice: dict[str, Json], delta: dict[str, Json], first: bool) -> None:
    for name in ("content", "refusal", "tool_calls", "function_call", *(() if first else ("role",))):
        delta.setdefault(name, None)


def extensions(choice: dict[str, Json], delta: dict[str, Json], first: bool) -> None:
    choice["content_filter_results"] = {}
    delta["reasoning_content"] = None if choice["finish_reason"] else "…"


def absent_finish(choice: dict[str, Json], delta: dict[str, Json], first: bool) -> None:
    if choice["finish_reason"] is None:
        del choice["finish_reason"]


def repeated_role(choice: dict[str, Json], delta: dict[str, Json], first: bool) -> None:
    delta["role"] = "assistant"


def _merged(chunks: Chunks, wanted: Callable[[dict[str, Json], dict[str, Json]], bool]) -> Chunks:
    """Merge a chunk into the one before where both have one choice, the same, and `wanted` says so of the two."""
    held: dict[str, Json] | None = None
    for chunk in chunks:
        one, other = list(each_choice(held or {"choices": []})), list(each_choice(chunk))
        if one and other and one[0]["index"] == other[0]["index"] and wanted(one[0], other[0]):
            merged = {**_delta(one[0]), **{name: value for name, value in _delta(other[0]).items() if value}}
            held = chunk | {"choices": [other[0] | {"delta": merged}]}
            continue
        if held is not None:
            yield held
        held = chunk
    if held is not None:
        yield held


def _delta(choice: dict[str, Json]) -> dict[str, Json]:
    delta = choice["delta"]
    assert isinstance(delta, dict)
    return delta


def role_with_text(chunks: Chunks, _: ServerCall) -> Chunks:
    def wanted(one: dict[str, Json], other: dict[str, Json]) -> bool:
        return "role" in _delta(one) and not _delta(one).get("content") and bool(_delta(other).get("content"))

    return _merged(chunks, wanted)


def text_with_finish(chunks: Chunks, _: ServerCall) -> Chunks:
    return _merged(chunks, lambda _one, other: bool(other["finish_reason"]))


def empty_deltas(chunks: Chunks, _: ServerCall) -> Chunks:
    for chunk in chunks:
        yield chunk
        for choice in each_choice(chunk):
            if choice["finish_reason"] is None:
                yield chunk | {"choices": [choice | {"delta": {}, "logprobs": None}]}


def one_choice_after_the_other(chunks: Chunks, _: ServerCall) -> Chunks:
    def index(chunk: dict[str, Json]) -> int:
        return next((int(str(choice["index"])) for choice in each_choice(chunk)), 99)

    yield from sorted(chunks, key=index)


def usage_attached(chunks: Chunks, call: ServerCall) -> Chunks:
    sent = list(chunks)
    if call.request.include_usage:
        usage = sent.pop()["usage"]
        sent[-1] = sent[-1] | {"usage": usage}
    yield from sent


def usage_beside_an_idle_choice(chunks: Chunks, _: ServerCall) -> Chunks:
    idle: dict[str, Json] = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    for chunk in chunks:
        yield chunk | {"choices": [idle]} if chunk.get("usage") else chunk


def no_null_usage(chunks: Chunks, _: ServerCall) -> Chunks:
    return ({name: chunk[name] for name in chunk if name != "usage" or chunk["usage"]} for chunk in chunks)


def padded(chunks: Chunks, _: ServerCall) -> Chunks:
    return (chunk | {"obfuscation": "x7Gq"} for chunk in chunks)


def float_created(chunks: Chunks, _: ServerCall) -> Chunks:
    return (chunk | {"created": float(str(chunk["created"]))} for chunk in chunks)


def call_in_one_fragment(chunks: Chunks, _: ServerCall) -> Chunks:
    """Only the first choice is looked at, as calls are asked for with one choice."""
    calls: dict[str, dict[str, Json]] = {}
    for chunk in chunks:
        (choice,) = list(each_choice(chunk)) or [{"delta": {}}]
        fragments = _delta(choice).get("tool_calls")
        if isinstance(fragments, list):
            for fragment in fragments:
                assert isinstance(fragment, dict)
                call = calls.setdefault(str(fragment["index"]), fragment)
                if call is not fragment:
                    _function(call)["arguments"] = f"{_function(call)['arguments']}{_function(fragment)['arguments']}"
            continue
        if calls and choice.get("finish_reason"):
            yield chunk | {"choices": [choice | {"delta": {"tool_calls": list(calls.values())}, "finish_reason": None}]}
        yield chunk


def _function(fragment: dict[str, Json]) -> dict[str, Json]:
    function = fragment["function"]
    assert isinstance(function, dict)
    return function


def label(value: str) -> Callable[[Reply, ServerCall], Reply]:
    return lambda reply, _: reply.with_header("content-type", value)


WAYS: dict[str, tuple[Seam[Any], Callable[[Any, ServerCall], Any], set[str]]] = {
    "comments before every event": (FRAMES, rewritten(lambda frame: b": ping\n\n:\n" + frame), set()),
    "comments within events": (FRAMES, rewritten(lambda frame: frame.removesuffix(b"\n") + b": said\n\n"), set()),
    "a comment after the end": (FRAMES, comment_after_the_end, set()),
    "lines end with CRLF": (FRAMES, rewritten(lambda frame: frame.replace(b"\n", b"\r\n")), set()),
    "lines end with CR": (FRAMES, rewritten(lambda frame: frame.replace(b"\n", b"\r")), set()),
    "more blank lines": (FRAMES, rewritten(lambda frame: b"\n" + frame + b"\n\n"), set()),
    "read byte by byte": (FRAMES, bytewise, set()),
    "all in one read": (FRAMES, at_once, set()),
    "no space after the colon": (FRAMES, rewritten(lambda frame: frame.replace(b"data: ", b"data:", 1)), {"STREAM-DATA-SPACE"}),
    "a byte order mark": (FRAMES, lambda frames, _: (b"\xef\xbb\xbf" * (n == 0) + f for n, f in enumerate(frames)), {"STREAM-BOM"}),
    "events have a type": (FRAMES, rewritten(lambda frame: b"event: message\n" + frame), {"STREAM-DATA-ONLY"}),
    "events have an id": (FRAMES, rewritten(lambda frame: b"id: 7\n" + frame), {"STREAM-DATA-ONLY"}),
    "JSON over two lines": (FRAMES, rewritten(lambda frame: frame.replace(b',"object"', b',\ndata: "object"')), {"STREAM-ONE-LINE"}),
    "characters are escaped": (FRAMES, rewritten(escaped), set()),
    "another case and parameter of the label": (STREAM, label("Text/Event-Stream;charset=UTF-8"), set()),
    "null for what is absent": (CHUNKS, each(nulls), set()),
    "members of the vendor's own": (CHUNKS, each(extensions), set()),
    "the role on every delta": (CHUNKS, each(repeated_role), {"STREAM-ROLE-ONCE"}),
    "finish_reason only at the end": (CHUNKS, each(absent_finish), {"STREAM-FINISH-KEY"}),
    "the role together with the first text": (CHUNKS, role_with_text, set()),
    "the last text together with the end": (CHUNKS, text_with_finish, {"STREAM-FINISH-ALONE"}),
    "empty deltas in between": (CHUNKS, empty_deltas, set()),
    "one choice after the other": (CHUNKS, one_choice_after_the_other, set()),
    "a call in one fragment": (CHUNKS, call_in_one_fragment, set()),
    "usage on the last chunk": (CHUNKS, usage_attached, {"STREAM-USAGE-CHUNK"}),
    "usage beside an idle choice": (CHUNKS, usage_beside_an_idle_choice, {"STREAM-USAGE-CHUNK", "STREAM-ROLE-ONCE"}),
    "no usage that is null": (CHUNKS, no_null_usage, {"STREAM-USAGE-NULL"}),
    "padding": (CHUNKS, padded, set()),
    "a time written with a point": (CHUNKS, float_created, set()),
}


UNSEEN = {
    *("STREAM-REFUSED-ALIKE", "STREAM-ERROR-LAST", "STREAM-ERROR-SHOWS"),
    *("STREAM-THOUGHT-APART", "STREAM-THOUGHT-NAME", "STREAM-THOUGHT-TEXT"),
    *("STREAM-INCREMENTAL-TOOLS", "STREAM-OBFUSCATION-OFF"),
}
"""Requirements on what is not asked here, or does not happen: refusals, failures, thought, the full tier."""


def test_the_plain_way_passes() -> None:
    seen = outcomes()
    assert len(seen[Outcome.PASS]) > 50
    assert seen[Outcome.NOT_RUN] == UNSEEN
    assert not seen[Outcome.FAIL] | seen[Outcome.ERROR] | seen[Outcome.INCONCLUSIVE]


@pytest.mark.parametrize("way", list(WAYS))
def test_what_is_legal_breaks_nothing_that_binds(way: str) -> None:
    seam, act, tolerated = WAYS[way]
    seen = outcomes(seam, act)
    assert seen[Outcome.FAIL] == tolerated
    assert not seen[Outcome.ERROR]
    levels = {each.id: registry.level(each, READING) for each in REQUIREMENTS}
    assert Level.MUST not in {levels[identifier] for identifier in tolerated}
