"""Events into JSON: what stands in their data."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Finding, Level, Place
from conformance.registry import contract, incident, requirement, standard
from conformance.requirements.streaming.reading import at, ended
from conformance.strictjson import JsonNote, NoteCode, NotJsonError, Parsed, get
from conformance.subjects.pair import Twins, twins
from conformance.subjects.reply import DONE, Stream, streamed_answer

RFC_8259 = "https://www.rfc-editor.org/rfc/rfc8259"
REPLACEMENT = "\ufffd"


@requirement("STREAM-JSON", Level.MUST, on=streamed_answer, cites=[contract("/x-stream/data-is-json"), incident("gpustack/llama-box#2")])
def data_is_an_object(stream: Stream) -> Iterator[Finding]:
    """The data of every event before `[DONE]` is one JSON object."""
    end = stream.terminator
    for event, parsed in stream.parsed:
        if end is not None and event.number > end.number:  # whatever it is, it should not be there: another requirement's
            return
        if event.data.strip().strip('"').upper() == DONE:  # a misspelt terminator is another requirement's too
            continue
        place = Place(event=event.number, span=event.span)
        if isinstance(parsed, NotJsonError):
            yield Finding(code="not-json", expected="a JSON object", received=f"{event.data[:120]} ({parsed})", at=place)
        elif not isinstance(parsed.value, dict):
            yield Finding(code="not-an-object", expected="a JSON object", received=event.data[:120], at=place)


@requirement(
    "STREAM-JSON-NUMBERS",
    Level.MUST,
    on=streamed_answer,
    cites=[contract("/x-http/json-strict"), standard("RFC 8259 §6", f"{RFC_8259}#section-6")],
)
def numbers_are_json(stream: Stream) -> Iterator[Finding]:
    """No number in a chunk is NaN or an infinity. JSON has no such numbers, and most parsers refuse the whole event."""
    yield from _noted(stream, NoteCode.NOT_A_NUMBER, "a JSON number")


@requirement(
    "STREAM-JSON-NAMES",
    Level.SHOULD,
    on=streamed_answer,
    cites=[contract("/x-http/json-strict"), standard("RFC 8259 §4", f"{RFC_8259}#section-4")],
)
def names_are_unique(stream: Stream) -> Iterator[Finding]:
    """No object in a chunk has two members of one name. Which of them counts differs from parser to parser."""
    yield from _noted(stream, NoteCode.DUPLICATE_NAME, "each name once")


def _noted(stream: Stream, code: NoteCode, expected: str) -> Iterator[Finding]:
    """One finding for each event in whose JSON this was noted."""
    for event, parsed in stream.parsed:
        notes: list[JsonNote] = [note for note in parsed.notes if note.code is code] if isinstance(parsed, Parsed) else []
        if notes:
            yield Finding(code=str(code), expected=expected, received=notes[0].detail, at=Place(event=event.number, span=event.span))


@requirement(
    "STREAM-WHOLE-CHARACTERS",
    Level.SHOULD,
    on=twins,
    cites=[contract("/x-stream/whole-characters"), incident("mattn/tensai#110"), incident("lobehub/lobehub#18805")],
)
def characters_are_whole(pair: Twins) -> Iterator[Finding]:
    """No fragment of the text cuts a character in two.

    A token may end inside a character, a fragment may not: hold the bytes back until the character is complete. The answer in one piece
    shows what the text should be; a character cut off by the end of the answer does not count.
    """
    ended(pair.streamed)
    for chunk in pair.streamed.chunks:
        for position, part in chunk.choices():
            content = get(part, "delta", "content")
            if isinstance(content, str) and any("\ud800" <= char <= "\udfff" for char in content):
                place = at(chunk, f"/choices/{position}/delta/content")
                yield Finding(code="half-a-pair", expected="whole characters", received=ascii(content), at=place)
    for whole, streamed in zip(pair.whole.choices, pair.streamed.choices, strict=False):
        if REPLACEMENT in streamed.text[:-1] and REPLACEMENT not in whole.text:
            yield Finding(code="replaced", expected=whole.text[:160], received=streamed.text[:160])
