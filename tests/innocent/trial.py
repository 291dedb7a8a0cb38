"""Styles by name, and how one of them is tried."""

from __future__ import annotations

from typing import Final

from tests.innocent.reading import MODEL
from tests.innocent.server import KEY, Server
from tests.innocent.style import Style
from tests.matrix import Outcomes, run

DIALECTS: Final = ("openai-compatible", "openai")

EVERYTHING: Final = frozenset(
    {"several", "n", "logprobs", "top_logprobs", "json_schema", "json_object", "response_format", "tools", "tool_choice"}
    | {"parallel_tool_calls", "stop", "seed", "developer", "parts", "name", "stream_options", "frequency_penalty", "presence_penalty"}
    | {"user", "logit_bias", "temperature", "top_p"}
)
"""All that a server can do without."""

STYLES: Final[dict[str, Style]] = {
    "documented": Style(),
    "open door": Style(open_door=True, request_id=False, date=False),
    "refuses keys with 403": Style(wrong_key=403),
    "odd pieces": Style(piece=7, comments=True, newline=b"\r\n", body="chunked"),
    "no space": Style(space=False, batch=3, ascii=False),
    "all at once": Style(batch=0, headers="upper", charset="; charset=utf-8"),
    "closes": Style(body="close", headers="title"),
    "old HTTP": Style(body="close", version="HTTP/1.0"),
    "slow": Style(pause=0.05),
    "usage always": Style(usage="always", details=False),
    "usage bare": Style(usage="asked-bare", caches=True),
    "usage never": Style(usage="never", lacks=frozenset({"stream_options"})),
    "merged": Style(role="merged", finish="merged", nulls="none", whole_calls=True, named_finish="tool_calls"),
    "all nulls": Style(nulls="all", blanks=True, details=False),
    "every role": Style(role="every", serial=True, nulls="none", text_beside_calls=""),
    "rambling": Style(mind="rambling", shy=True),
    "terse": Style(mind="terse", end_token=1),
    "foreign": Style(mind="foreign", tokens="bytes"),
    "letters": Style(tokens="letters", overhead=11, part_overhead=1),
    "moody": Style(mind="moody", shy=True),
    "canned": Style(mind="canned", shy=True),
    "echo": Style(mind="echo", tokens="letters", shy=True),
    "newline first": Style(mind="newline"),
    "mute": Style(mind="mute", end_token=1, shy=True),
    "chatty": Style(mind="chatty", at_once=2, thinks=3),
    "thinker": Style(thinks=10, end_token=1),
    "thinks in secret": Style(thinks=10, shows_thought=False, nulls="all"),
    "lost in thought": Style(thinks=200),
    "no n": Style(lacks=frozenset({"several"})),
    "no logprobs": Style(lacks=frozenset({"logprobs", "top_logprobs"})),
    "no json_schema": Style(lacks=frozenset({"json_schema"})),
    "no tools": Style(lacks=frozenset({"tools", "tool_choice", "parallel_tool_calls"})),
    "no forced tools": Style(lacks=frozenset({"required", "named"})),
    "no stop": Style(lacks=frozenset({"stop"})),
    "no seed": Style(lacks=frozenset({"seed", "frequency_penalty", "presence_penalty", "user", "logit_bias"})),
    "no developer": Style(lacks=frozenset({"developer"})),
    "no parts": Style(lacks=frozenset({"parts", "name"})),
    "no stream_options": Style(lacks=frozenset({"stream_options"}), caps=frozenset({"max_tokens"})),
    "no stream": Style(lacks=frozenset({"stream", "stream_options"})),
    "no temperature": Style(lacks=frozenset({"temperature", "top_p"})),
    "nothing": Style(
        lacks=EVERYTHING,
        caps=frozenset({"max_completion_tokens"}),
        any_model=True,
        open_door=True,
        closed=True,
        nulls="none",
        details=False,
    ),
    "max_tokens": Style(caps=frozenset({"max_tokens"}), invalid=422, code="null"),
    "max_completion_tokens": Style(caps=frozenset({"max_completion_tokens"}), unknown_model=400, code="status"),
    "bare errors": Style(bare_errors=True, any_model=True),
    "lenient": Style(strict=False, any_model=True, open_door=True, nulls="all"),
    "closed": Style(closed=True),
    "busy": Style(busy=299),
    "flaky": Style(flaky=99),
}


def judged(server: Server, dialect: str) -> Outcomes:
    """One run of the suite, which claims nothing for the server."""
    return run(server.url, dialect=dialect, model=MODEL, key=KEY, claims=frozenset())
