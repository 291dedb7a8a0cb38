"""What a user of the official Python client sees of an answer: the recorded bytes, read offline by that client itself.

The client is the optional extra `sdk`. Without it nothing is said. With it, what is said is a function of the record and of the version
of the client, which is always named. Nothing is sent: the client gets a transport that hands it the recorded answer, in the reads in
which it came, and that breaks off where the record does.

What a user does is taken from the examples of the client itself (openai/openai-python, `README.md`, `helpers.md`): iterate, read
`chunk.choices[0].delta`, put calls together by their index, parse their arguments; or let the streaming helper do all that.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, metadata
from types import ModuleType
from typing import Any, Final

from conformance import sse
from conformance.model import Exchange, FaultKind

EXTRA: Final = "chat-completions-conformance[sdk]"
"""What to install for it."""

LARGEST: Final = 1_000_000
"""Bytes of the largest body that is replayed."""

_CALL: Final[dict[str, Any]] = {"model": "-", "messages": []}
_BREAKS: Final = {
    FaultKind.TIMEOUT: "ReadTimeout",
    FaultKind.RESET: "ReadError",
    FaultKind.TRUNCATED: "RemoteProtocolError",
    FaultKind.PROTOCOL: "RemoteProtocolError",
}
"""How the client's HTTP library calls the ways in which a body breaks off. Where we stopped reading ourselves nothing can be said."""


_MEANT: Final = {"LengthFinishReasonError", "ContentFilterFinishReasonError"}
"""What the streaming helper raises for an answer that was cut off and says so: no fault of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What the client makes of one answer."""

    client: str
    """The client and its version."""
    fails: bool
    """Whether a user gets an exception where the answer is a success, or none of what an error should tell."""
    says: str
    """A sentence without subject: `raises JSONDecodeError after 3 chunks: …`. Holds text of the target."""


def client() -> str | None:
    """Name and version of the client; None when it is not installed."""
    try:
        return f"openai-python {metadata.version('openai')}"
    except metadata.PackageNotFoundError:
        return None


def of(exchange: Exchange) -> Impact | None:
    """What a user would see of an answer; None when that cannot be told: no client, no answer, or one that is too large."""
    name = client()
    if name is None or exchange.status is None or not exchange.sent.url.partition("?")[0].endswith("/chat/completions"):
        return None
    if (exchange.fault is not None and exchange.fault.kind not in _BREAKS) or len(exchange.body) > LARGEST:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fails, says = _read(exchange)
    return Impact(client=name, fails=fails, says=says)


def _read(exchange: Exchange) -> tuple[bool, str]:
    if not 200 <= (exchange.status or 0) < 300:
        return _refusal(exchange)
    return _streamed(exchange) if exchange.purpose.stream else _whole(exchange)


def _refusal(exchange: Exchange) -> tuple[bool, str]:
    try:
        _user(exchange).chat.completions.create(**_CALL, stream=exchange.purpose.stream)
    except Exception as error:  # noqa: BLE001 - whatever the client raises is the answer
        told = {name: getattr(error, name, None) for name in ("code", "type", "param")}
        named = ", ".join(f"{name} {value!r}" for name, value in told.items() if value is not None) or "neither code nor type"
        body = getattr(error, "body", None)
        # Without a message of the target, what the client prints is the status, and whatever it could not make out.
        nameless = not isinstance(body, dict) or not isinstance(body.get("message"), str)
        return nameless, f"raises {_named(error)}, with {'no message of its own and ' if nameless else ''}{named}"
    return True, "raises nothing"


def _whole(exchange: Exchange) -> tuple[bool, str]:
    try:
        completion = _user(exchange).chat.completions.create(**_CALL)
    except Exception as error:  # noqa: BLE001 - whatever the client raises is the answer
        return True, f"raises {_named(error)}"
    steps: dict[str, Callable[[], object]] = {
        "completion.choices[0]": lambda: completion.choices[0],
        "completion.choices[0].message.content": lambda: completion.choices[0].message.content,
        "call.function.arguments": lambda: [json.loads(call.function.arguments) for call in completion.choices[0].message.tool_calls or ()],
    }
    if isinstance(completion, str):
        return True, "returns the body as a string, so `completion.choices` raises AttributeError"
    for code, step in steps.items():
        try:
            step()
        except Exception as error:  # noqa: BLE001 - whatever a user's line raises is the answer
            doing = f"`json.loads({code})`" if code.startswith("call") else f"`{code}`"
            return True, f"parses it, and {doing} raises {_named(error)}"
    return False, "reads it without an error"


def _streamed(exchange: Exchange) -> tuple[bool, str]:
    looped, helped = _loop(exchange), _helper(exchange)
    if looped[0] or helped is None:
        return looped
    return True, f"{looped[1]}; its streaming helper, `chat.completions.stream`, raises {helped}"


@dataclass(slots=True)
class _Loop:
    """The loop over chunks of every example."""

    chunks: int = 0
    reason: str = ""
    calls: dict[object, str] = field(default_factory=dict)
    names: dict[object, str] = field(default_factory=dict)
    doing: str = ""
    """The user's own line that runs; empty while the client reads."""

    def take(self, chunk: Any) -> None:
        """What a user does with a chunk. The one that has the usage alone is passed over, as the client's documentation says."""
        self.chunks += 1
        if not getattr(chunk, "usage", None) or chunk.choices:
            self.doing = "chunk.choices[0]"
            choice = chunk.choices[0]
            self.doing = "chunk.choices[0].delta.content"
            (choice.delta.content or "").strip()
            self.doing = "call.function.arguments"
            for call in choice.delta.tool_calls or ():
                self.calls[call.index] = self.calls.get(call.index, "") + (call.function.arguments or "")
                self.names[call.index] = self.names.get(call.index) or call.function.name or ""
            self.reason = choice.finish_reason or self.reason
            self.doing = ""


def _loop(exchange: Exchange) -> tuple[bool, str]:
    loop = _Loop()
    try:
        for chunk in _user(exchange).chat.completions.create(**_CALL, stream=True):
            loop.take(chunk)
    except Exception as error:  # noqa: BLE001 - whatever the client or a user's line raises is the answer
        named = _named(error, f"after {loop.chunks} chunk{'' if loop.chunks == 1 else 's'}")
        return True, f"yields a chunk on which `{loop.doing}` raises {_named(error)}" if loop.doing else f"raises {named}"
    sent = sum(event.data.strip() != "[DONE]" for event in sse.decode(exchange.chunks).events)
    if not loop.chunks:
        return True, "yields no chunk and raises nothing: an answer without text"
    if loop.chunks < sent:
        return True, f"yields {loop.chunks} of {sent} chunks and raises nothing"
    if not loop.reason:
        return True, f"ends after {loop.chunks} chunks without an error and without a finish_reason: a cut answer looks like a whole one"
    if not all(loop.names.values()):
        return True, "puts together a call that names no function"
    return _parsed(loop.calls.values(), loop.reason, loop.chunks)


def _parsed(calls: Iterable[str], reason: str, chunks: int) -> tuple[bool, str]:
    """The arguments of the calls, once all are there."""
    for arguments in calls:
        try:
            json.loads(arguments)
        except ValueError as error:
            if reason == "length" or not arguments:
                continue
            return True, f"puts together arguments on which `json.loads` raises {_named(error)}"
    return False, f"reads {chunks} chunks without an error"


def _helper(exchange: Exchange) -> str | None:
    """What the client's own accumulation of chunks raises."""
    try:
        with _user(exchange).chat.completions.stream(**_CALL) as stream:
            stream.get_final_completion()
    except Exception as error:  # noqa: BLE001 - whatever the client raises is the answer
        return None if type(error).__name__ in _MEANT else _named(error)
    return None


def _named(error: Exception, after: str = "") -> str:
    """The exception and the first line of what it says."""
    text = next(iter(str(error).splitlines()), "")
    return " ".join(filter(None, (type(error).__name__, after))) + (f": {text[:160]}" if text else "")


@cache
def _libraries() -> tuple[ModuleType, ModuleType]:
    """The client, and the HTTP library that this version of it stands on: httpx, or a successor with the same names."""
    sdk = import_module("openai")
    base = next(each for each in sdk.DefaultHttpxClient.__mro__ if each.__name__ == "Client")
    return sdk, import_module(base.__module__.partition(".")[0])


def _user(exchange: Exchange) -> Any:
    """The client, before a server that gives this answer to whatever it is asked."""
    sdk, http = _libraries()
    # Length and framing are those of the connection; what was read from it is the body.
    headers = [(name, value) for name, value in exchange.headers if name.lower() not in {"content-length", "transfer-encoding"}]

    def reads() -> Iterator[bytes]:
        for chunk in exchange.chunks:
            yield chunk.data
        if exchange.fault is not None:
            raise getattr(http, _BREAKS[exchange.fault.kind])(exchange.fault.detail)

    transport = http.MockTransport(lambda request: http.Response(exchange.status, headers=headers, content=reads(), request=request))
    return sdk.OpenAI(
        api_key="-", base_url="http://127.0.0.1/v1", max_retries=0, http_client=sdk.DefaultHttpxClient(transport=transport, trust_env=False)
    )
