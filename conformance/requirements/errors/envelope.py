"""What an error looks like from outside: JSON, labelled so, with one object called `error`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import strictjson
from conformance.model import MISSING, Detail, Finding, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.errors.own import envelope, failure, is_page, shown, turned_away
from conformance.strictjson import show
from conformance.subjects.failure import ErrorReply

_AROUND = (strictjson.NoteCode.BYTE_ORDER_MARK, strictjson.NoteCode.TEXT_AFTER)


@requirement(
    "ERROR-NO-HTML",
    Level.MUST,
    on=failure,
    cites=[contract("/x-errors/no-html"), incident("galaxyproject/galaxy#23417"), incident("langwatch/langwatch#5758")],
)
def errors_are_no_pages(reply: ErrorReply) -> Iterator[Finding]:
    """No error of the API is a page of HTML."""
    if is_page(reply):
        yield Finding(code="html", expected="a JSON object", received=shown(reply))


@requirement(
    "ERROR-JSON",
    Level.MUST,
    on=failure,
    cites=[contract("/x-errors/envelope"), incident("huggingface/text-generation-inference#1802"), incident("openai/openai-node#1734")],
    rests_on=[Detail.END],
)
def errors_are_json(reply: ErrorReply) -> Iterator[Finding]:
    """The body of an error is one JSON text; it is neither empty nor plain text, and no stream of events."""
    if is_page(reply):
        raise AbsentError("a page of HTML")
    document = reply.observation.document
    if isinstance(document, strictjson.NotJsonError):
        code = "not-json" if reply.observation.exchange.body.strip() else "empty"
        yield Finding(code=code, expected="JSON", received=shown(reply))
    elif any(note.code in _AROUND for note in document.notes):
        yield Finding(code="not-json", expected="one JSON text and nothing around it", received=shown(reply))


@requirement(
    "ERROR-MEDIA-TYPE",
    Level.SHOULD,
    on=failure,
    cites=[contract("/x-errors/media-type"), incident("janhq/cortex.cpp#465")],
    rests_on=[Detail.LABEL],
)
def errors_are_labelled_json(reply: ErrorReply) -> Iterator[Finding]:
    """An error in JSON is labelled `application/json`, or with a type that ends in `+json`."""
    if isinstance(reply.observation.document, strictjson.NotJsonError):
        raise AbsentError("not JSON")
    media = reply.observation.exchange.media_type
    if media != "application/json" and not media.endswith("+json"):
        yield Finding(code="media-type", expected="application/json", received=media or "(absent)", at=Place(header="content-type"))


@requirement(
    "ERROR-ENVELOPE",
    Level.MUST,
    on=failure,
    cites=[
        contract("/x-errors/envelope"),
        incident("sgl-project/sglang#7487"),
        incident("lm-sys/FastChat#1966"),
        incident("cloudflare/cloudflare-docs#15116"),
    ],
)
def errors_have_an_envelope(reply: ErrorReply) -> Iterator[Finding]:
    """The body of an error is an object with a member `error`; not `detail`, and not the error itself at top level.

    Clients look there for the message, and show none when it is elsewhere.
    """
    if isinstance(reply.observation.document, strictjson.NotJsonError):
        raise AbsentError("not JSON")
    if reply.error in (MISSING, None):
        yield Finding(code="no-error", expected='{"error": {…}}', received=show(reply.observation.json), at=Place(pointer=""))


@requirement(
    "ERROR-OBJECT",
    Level.MUST,
    on=failure,
    cites=[contract("/x-errors/envelope"), incident("openai-php/client#624"), incident("vllm-project/aibrix#671")],
)
def error_is_an_object(reply: ErrorReply) -> Iterator[Finding]:
    """`error` is an object, not a text or a list."""
    if reply.error in (MISSING, None):
        raise AbsentError("no error member")
    if not isinstance(reply.error, dict):
        yield Finding(code="no-object", expected="an object", received=show(reply.error), at=Place(pointer="/error"))


@requirement(
    "ERROR-ONLY-ERROR",
    Level.SHOULD,
    on=failure,
    cites=[contract("/x-errors/only-error"), incident("cloudflare/cloudflare-docs#15116")],
)
def error_stands_alone(reply: ErrorReply) -> Iterator[Finding]:
    """The body of an error has no member but `error`: not a vendor's own envelope around it, nor beside it."""
    envelope(reply)
    body = reply.observation.json
    if isinstance(body, dict) and (more := sorted(set(body) - {"error"})):
        yield Finding(code="more", expected='{"error": {…}}', received=f"{', '.join(more[:8])} beside it", at=Place(pointer=""))


@requirement(
    "ERROR-ROUTED-ENVELOPE",
    Level.SHOULD,
    on=turned_away,
    cites=[contract("/x-errors/envelope"), incident("diegosouzapw/OmniRoute#6405")],
)
def routers_keep_the_envelope(reply: ErrorReply) -> Iterator[Finding]:
    """Another method, path or media type is answered in the same envelope as any other mistake."""
    if not isinstance(reply.error, dict):
        yield Finding(code="no-envelope", expected='{"error": {…}}', received=shown(reply))
