"""Why a target cannot be tested: one sentence for each way, and what to do about it."""

from __future__ import annotations

import re
from typing import Final, assert_never

from conformance import sse, strictjson
from conformance.errors import CannotTestError
from conformance.model import MISSING, Exchange, FaultKind
from conformance.strictjson import get

_WORDS: Final = (("error", "message"), ("error",), ("message",), ("detail",))
"""Where servers put what they have to say of a refusal: /x-errors/envelope, and what frameworks do instead."""


def hopeless(exchange: Exchange, model: str) -> CannotTestError | None:
    """Why an answer to a trivial, valid request shows that nothing can be tested; None when it does not."""
    url = exchange.sent.url
    if exchange.status is None or exchange.fault is not None:
        return _unanswered(exchange)
    match exchange.status:
        case 401 | 403:
            keyless = exchange.status == 401 and not _keyed(exchange)
            said = "wants a key, and none was given" if keyless else "does not accept the key"
            return CannotTestError(
                f"The target {said}: {exchange.status} {blame(exchange)}",
                hint="Put a valid key into CONFORMANCE_API_KEY (or OPENAI_API_KEY), or name another variable with --key-variable.",
            )
        case 404 if _knows_the_path(exchange, model):
            return CannotTestError(
                f"The target does not know the model {model!r}: {blame(exchange)}",
                hint="Give the name of a chat model that it serves with --model; most servers list theirs under GET /models.",
            )
        case 404 | 405:
            return CannotTestError(
                f"There is no chat completions endpoint at {url}: {exchange.status}",
                hint="The base URL is the part before /chat/completions; it usually ends in /v1.",
            )
        case status if 300 <= status < 400:
            return CannotTestError(
                f"{url} redirects to {exchange.header('location') or 'nowhere'}; a key must not follow a redirect.",
                hint="Give the address it redirects to as --base-url, if that is where you want your key to go.",
            )
        case 402 | 429:
            return CannotTestError(
                f"The target lets no request through: {exchange.status} {blame(exchange)}",
                hint="Wait until the limit resets, use a key with quota, or slow down with --rate and --concurrency.",
            )
        case status if status >= 500:
            return CannotTestError(
                f"The target fails on a trivial request: {status} {blame(exchange)}",
                hint="Look at the server's log; nothing can be said about an endpoint that does not work at all.",
            )
        case status if 200 <= status < 300:
            return _unreadable(exchange)
        case _:
            return None


def _unanswered(exchange: Exchange) -> CannotTestError:
    url = exchange.sent.url
    kind = exchange.fault.kind if exchange.fault else FaultKind.PROTOCOL
    detail = exchange.fault.detail if exchange.fault else "no status"
    match kind:
        case FaultKind.UNREACHABLE:
            hint = "Is the server running, and is the port right?"
        case FaultKind.DNS:
            hint = "Check the spelling of the host name in --base-url."
        case FaultKind.TLS:
            hint = (
                "Check the host name against its certificate; an authority of your own is named with --ca-file, and who you are with "
                "--client-certificate. For plain HTTP the URL begins with http://."
            )
        case FaultKind.TIMEOUT | FaultKind.OVERSIZE:
            hint = "The endpoint takes the connection and gives no whole answer in time; a slow model may need a longer --request-timeout."
        case FaultKind.RESET | FaultKind.TRUNCATED:
            hint = "The server breaks off; its log may say why."
        case FaultKind.PROTOCOL:
            hint = "What listens there does not speak HTTP/1.1; for TLS the URL begins with https://."
        case _:
            assert_never(kind)
    return CannotTestError(f"No answer from {url}: {detail}", hint=hint)


def _unreadable(exchange: Exchange) -> CannotTestError | None:
    """Why a success is of no use. What is still a chat completion, if a wrong one, is of use: what is wrong with it gets judged."""
    body = exchange.body
    if any(_is_chunk(event.data) for event in sse.decode(exchange.chunks).events):
        return None
    if (coding := exchange.header("content-encoding") or "identity").lower() != "identity":
        return CannotTestError(
            f"{exchange.sent.url} compresses its answers ({coding}), though every request says that it takes none that are compressed.",
            hint="Accept-Encoding is `identity` in each request; a proxy before the endpoint may ignore it, or drop it on the way.",
        )
    if body.lstrip()[:1] == b"<":
        return CannotTestError(
            f"{exchange.sent.url} answers with a web page ({exchange.media_type or 'no media type'}) instead of JSON.",
            hint="This is probably the address of a website or of a login page; the API's base URL usually ends in /v1.",
        )
    try:
        value = strictjson.read(body).value
    except strictjson.NotJsonError as error:
        return CannotTestError(
            f"{exchange.sent.url} answers {exchange.status} with {len(body)} bytes that are not JSON: {error}",
            hint="A chat completions endpoint answers a trivial request with one JSON object.",
        )
    if get(value, "choices") is MISSING and get(value, "object") != "chat.completion":
        return CannotTestError(
            f"{exchange.sent.url} answers {exchange.status} with JSON that is no chat completion: {strictjson.show(value, 80)}",
            hint="A chat completion has a list of choices; is this the right endpoint?",
        )
    return None


def _is_chunk(data: str) -> bool:
    """Whether the data of an event is a piece of a chat completion."""
    try:
        return get(strictjson.parse(data).value, "choices") is not MISSING
    except strictjson.NotJsonError:
        return False


def _keyed(exchange: Exchange) -> bool:
    """Whether anything was sent that may be a key; gateways have headers of their own for it."""
    return any("key" in name.lower() or name.lower() == "authorization" for name, _ in exchange.sent.headers)


def _knows_the_path(exchange: Exchange, model: str) -> bool:
    """Whether a 404 is about the model, rather than about the path: it says so, or calls what it does not find by the model's name."""
    try:
        value = strictjson.read(exchange.body).value
    except strictjson.NotJsonError:
        return False
    if get(value, "error", "code") == "model_not_found":
        return True
    said = [text for path in _WORDS if isinstance(text := get(value, *path), str)]
    return any("model" in text.lower() or re.search(rf"(?<![\w./-]){re.escape(model)}(?![\w./-])", text) for text in said)


def blame(exchange: Exchange) -> str:
    """What the target says went wrong, quoted and shortened."""
    try:
        value = strictjson.read(exchange.body).value
    except strictjson.NotJsonError:
        return strictjson.show(exchange.body[:120].decode("utf-8", "replace"))
    message = get(value, "error", "message")
    return strictjson.show(value if not isinstance(message, str) else message, 200)
