"""How the readings of five reference pages differ from the base, field by field, each shown on one request, answer, chunk or error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.contract import Schema
from conformance.model import Json
from tests.dialects.messages import CALL, FULL, USAGE, answer, choice, chunk, error, part, request

OPENROUTERS: Final = ("openrouter-2025-10", "openrouter")
REQUESTIES: Final = ("requesty-2025", "requesty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One message, and whether it fits the dialect and the `openai` reading."""

    dialect: str
    says: str
    schema: Schema
    value: Json
    here: bool
    base: bool


def _deltas() -> Iterator[Delta]:
    for schema, rows in ((Schema.REQUEST, _REQUESTS), (Schema.RESPONSE, _ANSWERS), (Schema.CHUNK, _CHUNKS), (Schema.ERROR, _ERRORS)):
        for dialects, says, value, here, base in rows:
            for dialect in dialects:
                yield Delta(dialect=dialect, says=says, schema=schema, value=value, here=here, base=base)


_Row = tuple[tuple[str, ...], str, Json, bool, bool]


def _said(*messages: Json) -> Json:
    return {"model": "m", "messages": list(messages)}


def _parts(role: str, *parts: Json) -> Json:
    return _said({"role": role, "content": list(parts), "tool_call_id": "call_1"})


def _tool(**function: Json) -> Json:
    return request(tools=[{"type": "function", "function": {"name": "f", **function}}])


def _shaped(**members: Json) -> Json:
    return request(response_format={"type": "json_schema", "json_schema": members})


def _cached(ttl: str) -> Json:
    return {"type": "text", "text": "A", "cache_control": {"type": "ephemeral", "ttl": ttl}}


_ASKED: Final[Json] = [{"role": "user", "content": "Hello"}]
_TEXT: Final[Json] = {"type": "text", "text": "Hello"}
_IMAGE: Final[Json] = {"type": "image_url", "image_url": {"url": "picture"}}
_SOUND: Final[Json] = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "flac"}}
_FILE: Final[Json] = {"type": "file", "file": {"file_id": "file-1"}}
_VIDEO: Final[Json] = {"url": "https://example.org/a.mp4"}
_URL: Final[Json] = {"type": "input_file", "file_data": "data:,", "mime_type": "a/b"}
_AMONG: Final[Json] = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}
_PDF: Final[Json] = {"type": "file_input", "filename": "a.pdf", "file_data": "AAAA"}

_REQUESTS: Final[tuple[_Row, ...]] = (
    # ---- Requesty
    (REQUESTIES, "a model is not required", {"messages": _ASKED}, True, False),
    (REQUESTIES, "messages are required", {"model": "m"}, False, False),
    (REQUESTIES, "max_tokens is an integer", request(max_tokens=1.5), False, False),
    (REQUESTIES, "max_tokens has no bound", request(max_tokens=0), True, False),
    (REQUESTIES, "max_tokens is not null", request(max_tokens=None), False, True),
    (REQUESTIES, "temperature has no bounds", request(temperature=123), True, False),
    (REQUESTIES, "temperature is not null", request(temperature=None), False, True),
    (REQUESTIES, "top_p has no bounds", request(top_p=-1), True, False),
    (REQUESTIES, "stream is not null", request(stream=None), False, True),
    (REQUESTIES, "what the page does not name may be anything", request(n=0, verbosity="chatty", seed="s"), True, False),
    (REQUESTIES, "no role of developer", _said({"role": "developer", "content": "Hello"}), False, True),
    (REQUESTIES, "no role of function", _said({"role": "function", "name": "f", "content": "Hello"}), False, True),
    (REQUESTIES, "content is required", _said({"role": "user"}), False, False),
    (("requesty-2025",), "content of a user is a string", _parts("user", _TEXT), False, True),
    (("requesty-2025",), "content of the system is a string", _parts("system", _TEXT), False, True),
    (("requesty-2025",), "content of a tool is a string", _parts("tool", _TEXT), False, True),
    (REQUESTIES, "a result of a tool needs no id of a call", _said({"role": "tool", "name": "f", "content": "42"}), True, False),
    (REQUESTIES, "the name of a tool is a string", _said({"role": "tool", "name": 42, "content": "42"}), False, False),
    (REQUESTIES, "tools are functions", request(tools=[{"type": "custom", "custom": {"name": "f"}}]), False, True),
    (REQUESTIES, "a tool has a function", request(tools=[{"type": "function"}]), False, False),
    (REQUESTIES, "tool_choice is any string", request(tool_choice="whatever"), True, False),
    (REQUESTIES, "tool_choice is no object", request(tool_choice={"type": "function", "function": {"name": "f"}}), False, True),
    (REQUESTIES, "response_format is any object", request(response_format={}), True, False),
    (REQUESTIES, "response_format is an object", request(response_format="json"), False, False),
    (("requesty-2025",), "parts of files are not known", _parts("user", _PDF), False, False),
    (("requesty",), "content is a list of parts", _parts("user", _TEXT), True, True),
    (("requesty",), "a file_input part is flat", _parts("user", _PDF), True, False),
    (("requesty",), "a file_input part has a name", _parts("user", {"type": "file_input", "file_data": "AAAA"}), False, False),
    (("requesty",), "a file_input part has data", _parts("user", {"type": "file_input", "filename": "a.pdf"}), False, False),
    (("requesty",), "the client sends input_file", _parts("user", _URL), True, False),
    (("requesty",), "other parts are not known", _parts("user", {"type": "file_output", "filename": "a.pdf"}), False, False),
    (("requesty",), "thinking has efforts of its own", request(reasoning_effort="min"), True, False),
    (("requesty",), "thinking has a budget, as a string", request(reasoning_effort="10000"), True, False),
    (("requesty",), "a budget is no number", request(reasoning_effort=10000), False, False),
    (("requesty",), "thinking has no other effort", request(reasoning_effort="xhigh"), False, True),
    (("requesty",), "notes on a request", request(requesty={"tags": ["a"], "extra": {}, "auto_cache": True}), True, True),
    (("requesty",), "tags are a list", request(requesty={"tags": "a"}), False, True),
    (("requesty",), "a model may stand for a policy", request(model="policy/ours"), True, True),
    # ---- 8080
    (("8080",), "a model is required", {"messages": _ASKED}, False, False),
    (("8080",), "five roles, without function", _said({"role": "function", "name": "f", "content": "Hello"}), False, True),
    (("8080",), "a developer is one of them", _said({"role": "developer", "content": "Hello"}), True, True),
    (("8080",), "content is optional", _said({"role": "user"}), True, False),
    (("8080",), "content is no list of parts", _parts("user", _TEXT), False, True),
    (("8080",), "content of an assistant is no list of parts", _parts("assistant", _TEXT), False, True),
    (("8080",), "content is not null", _said({"role": "user", "content": None}), False, False),
    (("8080",), "calls go back beside null", _said({"role": "assistant", "content": None, "tool_calls": [CALL]}), True, True),
    (("8080",), "the id of a call is optional", _said({"role": "tool", "content": "42"}), True, False),
    (("8080",), "a call needs no function", _said({"role": "assistant", "tool_calls": [{"id": "1", "type": "x"}]}), True, False),
    (("8080",), "a call has an id", _said({"role": "assistant", "tool_calls": [{"type": "function"}]}), False, False),
    (("8080",), "effort minimal", request(reasoning_effort="minimal"), True, True),
    (("8080",), "no effort low", request(reasoning_effort="low"), False, True),
    (("8080",), "no effort null", request(reasoning_effort=None), False, True),
    (("8080",), "one option of a stream", request(stream=True, stream_options={"include_obfuscation": 1}), True, False),
    (("8080",), "options of a stream are not null", request(stream_options=None), False, True),
    (("8080",), "the type of a tool is any string", request(tools=[{"type": "gadget", "function": {"name": "f"}}]), True, False),
    (("8080",), "a tool has a function", request(tools=[{"type": "function"}]), False, False),
    (("8080",), "a type in a schema is one word", _tool(parameters={"type": ["object", "null"]}), False, True),
    (("8080",), "also further down", _tool(parameters={"properties": {"a": {"items": {"type": "any"}}}}), False, True),
    (("8080",), "additionalProperties is a boolean", _tool(parameters={"additionalProperties": {}}), False, True),
    (("8080",), "strict is not null", _tool(strict=None), False, True),
    (("8080",), "frequency_penalty has no bounds", request(frequency_penalty=12.5), True, False),
    (("8080",), "presence_penalty is an integer", request(presence_penalty=0.5), False, True),
    (("8080",), "temperature is not null", request(temperature=None), False, True),
    (("8080",), "top_p has no bounds", request(top_p=12.5), True, False),
    (("8080",), "logit_bias has integers", request(logit_bias={"1": 0.5}), False, False),
    (("8080",), "of any size", request(logit_bias={"1": 1000}), True, False),
    (("8080",), "n has no bounds", request(n=0), True, False),
    (("8080",), "top_logprobs has no bounds", request(top_logprobs=21), True, False),
    (("8080",), "the cap is not null", request(max_completion_tokens=None), False, True),
    (("8080",), "the older name of the cap is unknown", request(max_tokens="many"), True, False),
    (("8080",), "what the page does not name may be anything", request(seed="s", tool_choice=1, verbosity=2, audio=3), True, False),
    (("8080",), "a json_schema has a schema", _shaped(name="a"), False, True),
    (("8080",), "a json_schema has a name", _shaped(schema={}), False, False),
    (("8080",), "the name is any string", _shaped(name="a b", schema={}), True, False),
    (("8080",), "a json_schema is not required", request(response_format={"type": "json_schema"}), True, False),
    (("8080",), "stop is a list", request(stop=["END"]), True, True),
    (("8080",), "stop is no string", request(stop="END"), False, True),
    # ---- OpenRouter
    (OPENROUTERS, "an empty list of messages", request(messages=[]), False, False),
    (("openrouter-2025-10",), "a model is required", {"messages": _ASKED}, False, False),
    (("openrouter",), "a model is not required", {"messages": _ASKED, "models": ["a", "b"]}, True, False),
    (("openrouter",), "models are strings", request(models=[1]), False, True),
    (OPENROUTERS, "no role of function", _said({"role": "function", "name": "f", "content": "Hello"}), False, True),
    (OPENROUTERS, "a developer is heard", _said({"role": "developer", "content": "Hello"}), True, True),
    (OPENROUTERS, "an image may be anywhere", _parts("user", _IMAGE), True, True),
    (OPENROUTERS, "sound may have any format", _parts("user", _SOUND), True, False),
    (OPENROUTERS, "no parts of files", _parts("user", _FILE), False, True),
    (OPENROUTERS, "a list of parts may be empty", _parts("user"), True, False),
    (OPENROUTERS, "an assistant may show an image", _parts("assistant", _IMAGE), True, False),
    (OPENROUTERS, "a tool may show an image", _parts("tool", _IMAGE), True, False),
    (OPENROUTERS, "the system says text", _parts("system", _IMAGE), False, False),
    (OPENROUTERS, "thoughts go back", _said({"role": "assistant", "content": "A", "reasoning": "B"}), True, True),
    (OPENROUTERS, "thoughts are a string", _said({"role": "assistant", "content": "A", "reasoning": ["B"]}), False, True),
    (OPENROUTERS, "top_logprobs is any number", request(logprobs=True, top_logprobs=1.5), True, False),
    (OPENROUTERS, "top_logprobs is at most 20", request(logprobs=True, top_logprobs=21), False, False),
    (OPENROUTERS, "max_tokens is any number", request(max_tokens=1.5), True, False),
    (OPENROUTERS, "max_tokens is at least 1", request(max_tokens=0.5), False, False),
    (OPENROUTERS, "max_completion_tokens is any number", request(max_completion_tokens=1.5), True, False),
    (OPENROUTERS, "max_completion_tokens is at least 1", request(max_completion_tokens=0), False, False),
    (OPENROUTERS, "logit_bias has numbers of any size", request(logit_bias={"1": 1000.5}), True, False),
    (OPENROUTERS, "logit_bias may be null", request(logit_bias=None), True, True),
    (OPENROUTERS, "metadata is not null", request(metadata=None), False, True),
    (OPENROUTERS, "metadata has strings", request(metadata={"a": 1}), False, False),
    (OPENROUTERS, "options for thinking", request(reasoning={"effort": "minimal", "summary": None}), True, True),
    (OPENROUTERS, "no other summary", request(reasoning={"summary": "long"}), False, True),
    (("openrouter-2025-10",), "no effort xhigh yet", request(reasoning={"effort": "xhigh"}), False, True),
    (("openrouter",), "efforts none and xhigh", request(reasoning={"effort": "xhigh"}), True, True),
    (OPENROUTERS, "a grammar as a format", request(response_format={"type": "grammar", "grammar": "a"}), True, False),
    (OPENROUTERS, "a grammar needs one", request(response_format={"type": "grammar"}), False, False),
    (OPENROUTERS, "Python as a format", request(response_format={"type": "python"}), True, False),
    (OPENROUTERS, "no other format", request(response_format={"type": "yaml"}), False, False),
    (OPENROUTERS, "any letters in names", _shaped(name="a b"), True, False),
    (OPENROUTERS, "at most 64 of them", _shaped(name="n" * 65), False, False),
    (OPENROUTERS, "seed is an integer of JavaScript", request(seed=9007199254740992), False, True),
    (OPENROUTERS, "stop may be an empty list", request(stop=[]), True, False),
    (OPENROUTERS, "stop has at most four", request(stop=["1", "2", "3", "4", "5"]), False, False),
    (("openrouter-2025-10",), "stream may be null", request(stream=None), True, True),
    (("openrouter",), "stream is not null", request(stream=None), False, True),
    (OPENROUTERS, "options of a stream may be null", request(stream_options=None), True, True),
    (OPENROUTERS, "one option of a stream", request(stream=True, stream_options={"include_obfuscation": 1}), True, False),
    (OPENROUTERS, "temperature has bounds", request(temperature=2.1), False, False),
    (OPENROUTERS, "temperature may be null", request(temperature=None), True, True),
    (OPENROUTERS, "one function may be named", request(tool_choice={"type": "function", "function": {"name": "f"}}), True, True),
    (OPENROUTERS, "no custom tool", request(tool_choice={"type": "custom", "custom": {"name": "f"}}), False, True),
    (OPENROUTERS, "no choice among some", request(tool_choice=_AMONG), False, True),
    (OPENROUTERS, "tools are functions", request(tools=[{"type": "custom", "custom": {"name": "f"}}]), False, True),
    (OPENROUTERS, "strict may be null", _tool(strict=None), True, True),
    (OPENROUTERS, "what the page does not name may be anything", request(n=0, store="no", verbosity=1, functions=2), True, False),
    (("openrouter",), "providers by preference", request(provider={"only": ["a"], "quantizations": ["fp8"], "zdr": True}), True, True),
    (("openrouter",), "no provider at all", request(provider=None), True, True),
    (("openrouter",), "preferences are closed", request(provider={"favourite": "a"}), False, True),
    (("openrouter",), "no other quantization", request(provider={"quantizations": ["fp2"]}), False, True),
    (("openrouter",), "prices are numbers or strings", request(provider={"max_price": {"audio": []}}), False, True),
    (("openrouter",), "data collection is a word", request(provider={"data_collection": "ask"}), False, True),
    (("openrouter",), "plugins by id", request(plugins=[{"id": "moderation"}, {"id": "response-healing", "enabled": True}]), True, True),
    (("openrouter",), "no other plugin", request(plugins=[{"id": "spelling"}]), False, True),
    (("openrouter",), "no other search", request(plugins=[{"id": "web", "engine": "other"}]), False, True),
    (("openrouter",), "a route", request(route="sort"), True, True),
    (("openrouter",), "no other route", request(route="direct"), False, True),
    (("openrouter",), "a session has a short id", request(session_id="s" * 129), False, True),
    (("openrouter",), "debugging is an object", request(debug=True), False, True),
    (("openrouter",), "text may end a cache", _parts("user", _cached("1h")), True, True),
    (("openrouter",), "for so long only", _parts("user", _cached("1d")), False, True),
    (("openrouter",), "video under one name", _parts("user", {"type": "input_video", "video_url": _VIDEO}), True, False),
    (("openrouter",), "video under the other", _parts("user", {"type": "video_url", "video_url": _VIDEO}), True, False),
    (("openrouter-2025-10",), "no video yet", _parts("user", {"type": "video_url", "video_url": _VIDEO}), False, False),
)  # fmt: skip


def _usage(**members: Json) -> Json:
    return answer(choice(FULL, logprobs=None), usage={**USAGE, **members})


def _whole(**members: Json) -> Json:
    return answer(choice(FULL, logprobs=None), **members)


def _without(name: str) -> Json:
    whole = _whole()
    return {key: value for key, value in whole.items() if key != name} if isinstance(whole, dict) else whole


_ANSWERS: Final[tuple[_Row, ...]] = (
    # ---- Requesty
    *((REQUESTIES, f"{name} is required", _without(name), False, False) for name in ("id", "object", "created", "model", "choices")),
    (REQUESTIES, "object is any string", _whole(object="completion"), True, False),
    (REQUESTIES, "members of a choice are optional", answer({}), True, False),
    (REQUESTIES, "finish_reason is any string", answer(choice(FULL, logprobs=None, finish_reason="eos")), True, False),
    (REQUESTIES, "finish_reason is a string", answer(choice(FULL, logprobs=None, finish_reason=1)), False, False),
    (REQUESTIES, "the message has any role of a request", answer(choice({**FULL, "role": "user"}, logprobs=None)), True, False),
    (REQUESTIES, "and no other", answer(choice({**FULL, "role": "developer"}, logprobs=None)), False, False),
    (REQUESTIES, "usage is optional", _without("usage"), True, True),
    (REQUESTIES, "counts are optional", _whole(usage={}), True, False),
    (REQUESTIES, "counts are integers", _usage(total_tokens=1.5), False, False),
    (("requesty",), "tokens of thought", _usage(completion_tokens_details={"reasoning_tokens": "many"}), False, False),
    (("requesty",), "tokens read from a cache", _usage(prompt_tokens_details={"cached_tokens": 1, "caching_tokens": 2}), True, True),
    (("requesty",), "tokens written to a cache", _usage(prompt_tokens_details={"caching_tokens": 1.5}), False, True),
    (("requesty",), "a cost", _usage(cost=0.0015), True, True),
    (("requesty",), "a cost is a number", _usage(cost="free"), False, True),
    (("requesty",), "thoughts beside content", answer(choice({**FULL, "reasoning_content": 1}, logprobs=None)), False, True),
    # ---- 8080
    *(
        (("8080",), f"{name} is required", _without(name), False, name == "usage")
        for name in ("id", "created", "model", "object", "usage", "choices")
    ),
    (("8080",), "created is an integer", _whole(created=1.5), False, False),
    (("8080",), "usage is not null", _whole(usage=None), False, False),
    (("8080",), "the time it took", _usage(total_time=0.25), True, True),
    (("8080",), "that is a number", _usage(total_time="1s"), False, True),
    (("8080",), "no log probabilities needed", answer(choice(FULL)), True, False),
    (("8080",), "no function_call", answer(choice(FULL, logprobs=None, finish_reason="function_call")), False, True),
    (("8080",), "finish_reason is required", answer({"index": 0, "message": FULL, "logprobs": None}), False, False),
    (("8080",), "the message has any role", answer(choice({**FULL, "role": "tool"}, logprobs=None)), True, False),
    (("8080",), "and needs nothing else", answer(choice({"role": "assistant"}, logprobs=None)), True, False),
    (("8080",), "its role is required", answer(choice({"content": "Hello"}, logprobs=None)), False, False),
    # ---- OpenRouter
    *((OPENROUTERS, f"{name} is required", _without(name), False, False) for name in ("id", "choices", "created", "model", "object")),
    (OPENROUTERS, "created is any number", _whole(created=1761264000.5), True, False),
    (OPENROUTERS, "the fingerprint may be null", _whole(system_fingerprint=None), True, True),
    (OPENROUTERS, "what the specification does not list is let pass", _whole(provider="a", anything={}), True, True),
    (OPENROUTERS, "finish_reason error", answer(choice(FULL, logprobs=None, finish_reason="error")), True, False),
    (OPENROUTERS, "finish_reason null", answer(choice(FULL, logprobs=None, finish_reason=None)), True, False),
    (OPENROUTERS, "no function_call", answer(choice(FULL, logprobs=None, finish_reason="function_call")), False, True),
    (OPENROUTERS, "finish_reason is required", answer({"index": 0, "message": FULL, "logprobs": None}), False, False),
    (OPENROUTERS, "no log probabilities needed", answer(choice(FULL)), True, False),
    (OPENROUTERS, "only the role is required", answer(choice({"role": "assistant"}, logprobs=None)), True, False),
    (OPENROUTERS, "the index is any number", answer({**choice(FULL, logprobs=None), "index": 0.5}), True, False),
    (OPENROUTERS, "thoughts beside content", answer(choice({**FULL, "reasoning": {}}, logprobs=None)), False, True),
    (OPENROUTERS, "counts are any numbers", _usage(total_tokens=1.5), True, False),
    (OPENROUTERS, "counts are required", _whole(usage={"prompt_tokens": 1}), False, False),
    (OPENROUTERS, "usage may be null", _whole(usage=None), True, False),
    (OPENROUTERS, "details are numbers", _usage(prompt_tokens_details={"cached_tokens": "1"}), False, False),
    (("openrouter-2025-10",), "details are not null", _usage(prompt_tokens_details=None), False, False),
    (("openrouter-2025-10",), "counts of details are not null", _usage(prompt_tokens_details={"cached_tokens": None}), False, False),
    (("openrouter",), "details may be null", _usage(prompt_tokens_details=None), True, False),
    (("openrouter",), "counts of details may be null", _usage(completion_tokens_details={"audio_tokens": None}), True, False),
    (("openrouter",), "video counts", _usage(prompt_tokens_details={"video_tokens": "1"}), False, True),
    (("openrouter",), "a cost, on the wire", _usage(cost="free"), False, True),
)

_FAILED: Final[dict[str, Json]] = {"message": "The provider failed."}

_CHUNKS: Final[tuple[_Row, ...]] = (
    (OPENROUTERS, "an error in a chunk", chunk(part({}, finish_reason="error"), error={**_FAILED, "code": 502}), True, False),
    (OPENROUTERS, "an error has a code", chunk(part({}, finish_reason="stop"), error=_FAILED), False, True),
    (("openrouter-2025-10",), "the code is a number", chunk(part({}, finish_reason="stop"), error={**_FAILED, "code": "a"}), False, True),
    (("openrouter",), "or a word", chunk(part({}, finish_reason="stop"), error={**_FAILED, "code": "server_error"}), True, True),
    (OPENROUTERS, "thoughts in a delta", chunk(part({"reasoning": ["A"]}, finish_reason=None)), False, True),
    (OPENROUTERS, "no function_call", chunk(part({}, finish_reason="function_call")), False, True),
    (("requesty",), "thoughts in a delta", chunk(part({"reasoning_content": 1}, finish_reason=None)), False, True),
)

_ERRORS: Final[tuple[_Row, ...]] = (
    (("8080",), "nothing is required", {}, True, False),
    (("8080",), "no param", error(message="A", type="b", code="c"), True, False),
    (("8080",), "the code is a string", error(message="A", type="b", code=401), False, False),
    (("openrouter-2025-10",), "all four members", error(message="A", type="b", code=401, param=None), True, False),
    (("openrouter-2025-10",), "none of them absent", error(message="A", code=401), False, False),
    (("openrouter",), "a code and a message", error(message="A", code=401), True, False),
    (("openrouter",), "a code", error(message="A"), False, False),
    (("openrouter",), "a message", error(code=401), False, False),
    (("openrouter",), "type and param may be null", error(message="A", code=None, type=None, param=None), True, False),
    (("openrouter",), "what the provider said", error(message="A", code=403, metadata={"reasons": []}), True, False),
    (("requesty",), "who failed", error(message="A", origin="provider"), True, False),
    (("requesty",), "somebody known", error(message="A", origin="nobody", type="b", param=None, code=None), False, True),
)

DELTAS: Final = tuple(_deltas())
"""The whole table."""
