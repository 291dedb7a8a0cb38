"""A successful answer, whole or streamed, and the views that yield them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from conformance import sse, strictjson
from conformance.model import CAP_FIELDS, MISSING, Detail, Exchange, Json, Missing, Purpose
from conformance.observation import Asked, Gap, GapKind, Observation, UnmetError, accepted, gap
from conformance.strictjson import get, items
from conformance.view import TO_BE_ACCEPTED, View

DONE: Final = "[DONE]"
"""Data of the event that ends a stream."""

HANG_UP: Final = "hang-up"
"""Topic of requests whose answer we do not read to its end, on purpose: it is no answer to judge."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One tool call; in a stream put together from its fragments."""

    id: Json | Missing = MISSING
    type: Json | Missing = MISSING
    name: Json | Missing = MISSING
    arguments: Json | Missing = MISSING


@dataclass(slots=True, kw_only=True)
class Choice:
    """One choice as a client has it in the end, whichever way it came."""

    index: Json | Missing
    role: Json | Missing = MISSING
    content: Json | Missing = MISSING
    refusal: Json | Missing = MISSING
    calls: list[Call] = field(default_factory=list)
    finish_reason: Json | Missing = MISSING
    logprobs: list[Json] = field(default_factory=list)
    has_logprobs: bool = False

    @property
    def text(self) -> str:
        """The content where it is a string, else nothing."""
        return self.content if isinstance(self.content, str) else ""


class Reply:
    """What whole and streamed answers have in common."""

    def __init__(self, observation: Observation) -> None:
        self.observation = observation

    @property
    def exchange(self) -> Exchange:
        """The exchange it was read from."""
        return self.observation.exchange

    @property
    def request(self) -> Json:
        """The request's body."""
        return self.observation.request_json

    @property
    def choices(self) -> list[Choice]:
        """The choices, in order of appearance."""
        raise NotImplementedError

    @property
    def usage(self) -> Json | Missing:
        """The usage object that counts: in a stream the last one that is not null."""
        raise NotImplementedError

    @property
    def head(self) -> Json:
        """The object that carries id, created and model: the body, or the first chunk."""
        raise NotImplementedError

    @property
    def first(self) -> Choice:
        """The first choice. Raises `UnmetError` when there is none: another requirement owns that."""
        if not self.choices:
            raise UnmetError("the answer has no choice")
        return self.choices[0]

    @property
    def cap(self) -> int | None:
        """The cap on output tokens that was asked for, under either name."""
        for name in CAP_FIELDS:
            value = get(self.request, name)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        return None


class Answer(Reply):
    """A whole answer: one JSON object."""

    def __init__(self, observation: Observation, body: dict[str, Json]) -> None:
        super().__init__(observation)
        self.body = body

    @cached_property
    def choices(self) -> list[Choice]:
        """The choices that are objects."""
        return [_whole(choice) for choice in items(self.body, "choices") if isinstance(choice, dict)]

    @property
    def usage(self) -> Json | Missing:
        """The `usage` member."""
        return get(self.body, "usage")

    @property
    def head(self) -> Json:
        """The body."""
        return self.body


@dataclass(frozen=True, slots=True)
class StreamedChunk:
    """One event whose data is a JSON object."""

    event: sse.Event
    value: dict[str, Json]

    def choices(self) -> Iterator[tuple[int, dict[str, Json]]]:
        """Position and object of each choice."""
        for position, choice in enumerate(items(self.value, "choices")):
            if isinstance(choice, dict):
                yield position, choice


class Stream(Reply):
    """A streamed answer: events, chunks, and the choices put together from them."""

    @property
    def events(self) -> tuple[sse.Event, ...]:
        """Every event. Raises `UnmetError` for a stream without any: a loop over nothing must not pass."""
        if not self.observation.decoded.events:
            raise UnmetError("the stream has no event")
        return self.observation.decoded.events

    @property
    def notes(self) -> tuple[sse.Note, ...]:
        """What the decoder found odd."""
        return self.observation.decoded.notes

    @cached_property
    def terminator(self) -> sse.Event | None:
        """The first event whose data is exactly `[DONE]`. Raises `UnmetError` for a stream without events."""
        return next((event for event in self.events if event.data == DONE), None)

    @cached_property
    def parsed(self) -> list[tuple[sse.Event, strictjson.Parsed | strictjson.NotJsonError]]:
        """Every event but the terminators, with its data read as JSON."""
        return [(event, self.observation.read(event)) for event in self.events if event.data.strip() != DONE]

    @cached_property
    def objects(self) -> list[StreamedChunk]:
        """Every event whose data is a JSON object, errors included."""
        return [
            StreamedChunk(event, parsed.value)
            for event, parsed in self.parsed
            if isinstance(parsed, strictjson.Parsed) and isinstance(parsed.value, dict)
        ]

    @cached_property
    def errors(self) -> list[StreamedChunk]:
        """The events that report a failure in mid-stream."""
        return [chunk for chunk in self.objects if chunk.value.get("error")]

    @cached_property
    def chunks(self) -> list[StreamedChunk]:
        """The chunks of the answer. Raises `UnmetError` when there is none.

        A chunk that follows the terminator is one in the wrong place; any other object there is no part of the answer.
        """
        end = self.terminator
        late = [chunk for chunk in self.objects if end is not None and chunk.event.number > end.number and "choices" not in chunk.value]
        found = [chunk for chunk in self.objects if not chunk.value.get("error") and chunk not in late]
        if not found:
            raise UnmetError("the stream has no chunk")
        return found

    @property
    def failed(self) -> bool:
        """Whether the stream says itself that it failed; then it need not end as a successful one does."""
        return bool(self.errors)

    @property
    def broken(self) -> bool:
        """Whether it broke off or failed, or may have, so that what it says is no whole answer."""
        cut = self.exchange.fault is not None or Detail.END in self.exchange.lacks
        return cut or (bool(self.observation.decoded.events) and self.failed)

    @cached_property
    def choices(self) -> list[Choice]:
        """The choices put together as the official clients do: text appended, tool calls merged by index."""
        return _assembled(self.chunks)

    @property
    def usage_chunks(self) -> list[StreamedChunk]:
        """The chunks whose top-level usage is not null."""
        return [chunk for chunk in self.chunks if get(chunk.value, "usage") not in (None, MISSING)]

    @property
    def usage(self) -> Json | Missing:
        """The last usage that is not null."""
        found = self.usage_chunks
        return get(found[-1].value, "usage") if found else MISSING

    @property
    def asks_usage(self) -> bool:
        """Whether `include_usage` was asked for."""
        return get(self.request, "stream_options", "include_usage") is True

    @property
    def head(self) -> Json:
        """The first chunk."""
        return self.chunks[0].value


def _whole(choice: dict[str, Json]) -> Choice:
    message = get(choice, "message")
    return Choice(
        index=get(choice, "index"),
        role=get(message, "role"),
        content=get(message, "content"),
        refusal=get(message, "refusal"),
        calls=[
            Call(id=get(c, "id"), type=get(c, "type"), name=get(c, "function", "name"), arguments=get(c, "function", "arguments"))
            for c in items(message, "tool_calls")
        ],
        finish_reason=get(choice, "finish_reason"),
        logprobs=items(choice, "logprobs", "content"),
        has_logprobs=isinstance(get(choice, "logprobs"), dict),
    )


def _assembled(chunks: list[StreamedChunk]) -> list[Choice]:
    choices: dict[str, Choice] = {}
    calls: dict[tuple[str, str], Call] = {}
    for chunk in chunks:
        for _, part in chunk.choices():
            key = repr(get(part, "index"))
            choice = choices.setdefault(key, Choice(index=get(part, "index")))
            delta = get(part, "delta")
            choice.role = get(delta, "role") if choice.role is MISSING else choice.role
            choice.content = _joined(choice.content, get(delta, "content"))
            choice.refusal = _joined(choice.refusal, get(delta, "refusal"))
            if get(part, "finish_reason") not in (None, MISSING):
                choice.finish_reason = get(part, "finish_reason")
            choice.logprobs.extend(items(part, "logprobs", "content"))
            choice.has_logprobs = choice.has_logprobs or isinstance(get(part, "logprobs"), dict)
            for fragment in items(delta, "tool_calls"):
                place = (key, repr(get(fragment, "index")))
                if place not in calls:
                    calls[place] = Call()
                    choice.calls.append(calls[place])
                _merge(calls[place], fragment)
    return list(choices.values())


def _merge(call: Call, fragment: Json) -> None:
    call.id = get(fragment, "id") if call.id in (None, MISSING) else call.id
    call.type = get(fragment, "type") if call.type in (None, MISSING) else call.type
    name = get(fragment, "function", "name")
    call.name = name if call.name in (None, MISSING) else call.name
    call.arguments = _joined(call.arguments, get(fragment, "function", "arguments"))


def _joined(so_far: Json | Missing, more: Json | Missing) -> Json | Missing:
    """Append text to text; anything that is not text replaces nothing, and nothing comes before null."""
    if isinstance(so_far, str) and isinstance(more, str):
        return so_far + more
    return so_far if isinstance(so_far, str) or more is MISSING else more


def _answers(asked: Asked) -> Iterator[Answer | Gap]:
    found = False
    for attempt in asked.answers:
        body = attempt.json
        if attempt.succeeded and not asked.purpose.stream and isinstance(body, dict) and not attempt.is_event_stream:
            found = True
            yield Answer(attempt, body)
    if not found:
        yield gap(asked)


def _streams(asked: Asked) -> Iterator[Stream | Gap]:
    found = False
    if HANG_UP in asked.purpose.topics:
        return
    for attempt in asked.answers:
        if attempt.succeeded and asked.purpose.stream and attempt.is_event_stream:
            found = True
            yield Stream(attempt)
    if not found:
        yield gap(asked)


def _replies(asked: Asked) -> Iterator[Reply | Gap]:
    if not asked.purpose.stream:
        yield from _answers(asked)
        return
    for stream in _streams(asked):
        broken = isinstance(stream, Stream) and stream.broken
        yield Gap(GapKind.UNMET, f"{asked.purpose.key}: the stream did not come to its end") if broken else stream


def _whole_wanted(purpose: Purpose) -> bool:
    return accepted(purpose) and not purpose.stream


def _stream_wanted(purpose: Purpose) -> bool:
    return _reply_wanted(purpose) and purpose.stream


def _reply_wanted(purpose: Purpose) -> bool:
    return accepted(purpose) and HANG_UP not in purpose.topics


answer: Final = View("whole answer", _whole_wanted, _answers, expects=TO_BE_ACCEPTED)
"""Successful answers in one piece."""

streamed_answer: Final = View("streamed answer", _stream_wanted, _streams, expects=TO_BE_ACCEPTED)
"""Successful answers as a stream."""

reply: Final = View("answer, whole or streamed", _reply_wanted, _replies, expects=TO_BE_ACCEPTED)
"""Successful answers of both kinds; streams that broke off or failed are left to `streamed_answer`."""
