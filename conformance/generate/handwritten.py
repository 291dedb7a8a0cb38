"""Invalid requests that no generator finds: what maps hold, what depends on another member, what a conversation may not be.

A row that is valid under some reading of the contract, or breaks more than one clause there, drops out for that reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.generate.companions import accompanied, alone
from conformance.generate.mutants import Delta, Labelled, label
from conformance.model import Json

if TYPE_CHECKING:
    from conformance.contract import Contract

_USER: Final[Json] = {"role": "user", "content": "Hello"}
_TOOL: Final[Json] = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}


def from_hand(contract: Contract) -> tuple[Labelled, ...]:
    """The rows that are wrong in exactly one way under this contract, in the order of the table."""
    labelled = (label(contract, delta) for delta in rows())
    return tuple(each for each in labelled if each is not None)


def rows() -> Iterator[Delta]:
    """The whole table."""
    for member in ("model", "messages"):
        yield Delta(put={}, drop=(member,))
    for message_list in _MESSAGES:
        yield Delta(put={"messages": message_list})
    for put in _MEMBERS:
        yield alone(put)
    for response_format in _FORMATS:
        yield accompanied("response_format", response_format)


def _turn(**members: Json) -> Json:
    return [members]


def _parts(*parts: Json) -> Json:
    return _turn(role="user", content=list(parts))


def _call(identifier: Json = "call_1", name: Json = "look_up", arguments: Json = "{}") -> Json:
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


_CALL: Final[dict[str, Json]] = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}


def _assistant(*calls: Json) -> Json:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def _result(identifier: str = "call_1") -> Json:
    return {"role": "tool", "tool_call_id": identifier, "content": "42"}


_MESSAGES: Final[tuple[Json, ...]] = (
    None,
    [],
    {},
    "Hello",
    _USER,  # the message itself where the list belongs
    ["Hello"],
    [None],
    [[_USER]],
    _turn(content="Hello"),
    _turn(role="user"),
    _turn(role=None, content="Hello"),
    _turn(role="", content="Hello"),
    _turn(role="User", content="Hello"),
    _turn(role="moderator", content="Hello"),
    _turn(role=["user"], content="Hello"),
    _turn(role="user", content=None),
    _turn(role="user", content=42),
    _turn(role="user", content=True),
    _turn(role="user", content={}),
    _turn(role="user", content={"type": "text", "text": "Hello"}),  # a part where the list of parts belongs
    _turn(role="user", content=[]),
    _turn(role="user", content=["Hello"]),
    _parts({"text": "Hello"}),
    _parts({"type": "text"}),
    _parts({"type": "text", "text": None}),
    _parts({"type": "text", "text": 42}),
    _parts({"type": "text", "text": ["Hello"]}),
    _parts({"type": None, "text": "Hello"}),
    _parts({"type": "hologram", "hologram": "Hello"}),
    _parts({"type": "text", "text": "Hello"}, {"type": "text"}),  # only the second part is wrong
    _parts({"type": "hologram", "image_url": {"url": "https://example.org/a.png"}}),
    _parts({"type": "hologram", "input_audio": {"data": "AAAA", "format": "wav"}}),
    _parts({"type": "hologram", "file": {"file_id": "file-1"}}),
    _parts({"image_url": {"url": "https://example.org/a.png"}}),
    _parts({"input_audio": {"data": "AAAA", "format": "wav"}}),
    _parts({"file": {"file_id": "file-1"}}),
    _parts({"type": "file", "file": {}}),
    _parts({"type": "file", "file": {"filename": "empty.pdf"}}),
    _parts({"video_url": {"url": "https://example.org/a.mp4"}}),
    _parts({"type": "hologram", "video_url": {"url": "https://example.org/a.mp4"}}),
    _parts({"filename": "a.pdf", "file_data": "AAAA"}),
    _parts({"type": "hologram", "filename": "a.pdf", "file_data": "AAAA"}),
    _parts({"type": "image_url"}),
    _parts({"type": "image_url", "image_url": {}}),
    _parts({"type": "image_url", "image_url": {"url": 42}}),
    _parts({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "sharp"}}),
    _parts({"type": "input_audio", "input_audio": {"data": "AAAA"}}),
    _parts({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "midi"}}),
    _parts({"type": "input_audio", "input_audio": {"format": "wav"}}),
    [_USER, {"role": "assistant"}, _USER],
    [_USER, {"role": "assistant", "content": None}, _USER],
    [_USER, {"role": "assistant", "content": 42}, _USER],
    [_USER, {"role": "assistant", "content": []}, _USER],
    [_USER, {"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]}, _USER],
    [_USER, {"role": "assistant", "content": [{"type": "hologram", "refusal": "No."}]}, _USER],
    [_USER, {"role": "assistant", "content": [{"type": "hologram", "text": "No."}]}, _USER],
    [_USER, {"role": "assistant", "content": [{"text": "No."}]}, _USER],
    [_USER, {"role": "assistant", "content": [{"refusal": "No."}]}, _USER],
    [{"role": "system"}, _USER],
    [{"role": "system", "content": None}, _USER],
    [{"role": "system", "content": []}, _USER],
    [{"role": "developer"}, _USER],
    [{"role": "developer", "content": None}, _USER],
    [_USER, {"role": "tool", "content": "42"}],
    [_USER, _assistant(_call()), {"role": "tool", "content": "42"}],
    [_USER, _assistant(_call()), {"role": "tool", "tool_call_id": "call_1"}],
    [_USER, _assistant(_call()), {"role": "tool", "tool_call_id": "call_1", "content": None}],
    [_USER, _assistant(_call()), {"role": "tool", "tool_call_id": 1, "content": "42"}],
    [_USER, _assistant(_call()), {"role": "tool", "tool_call_id": "call_1", "content": []}],
    [_USER, _assistant(_call()), {"role": "tool", "tool_call_id": "call_1", "content": [{"type": None, "text": "42"}]}],
    [_USER, _assistant(_call()), {"role": "tool", "tool_call_id": "call_1", "content": "42", "name": 42}],
    [_USER, _assistant(_call()), {"role": "tool", "tool_call_id": "call_1", "content": "42", "name": None}],
    # No call before: to a server that takes any role here, the turn is no result, and nothing else would be wrong.
    [_USER, {"tool_call_id": "call_1", "content": "42"}],
    [_USER, {"role": "moderator", "tool_call_id": "call_1", "content": "42"}],
    [_USER, {"name": "look_up", "content": "42"}],
    [_USER, _result()],  # nobody called
    [_USER, _assistant(_call()), _USER],  # nobody answered
    [_USER, _assistant(_call()), _result(), _result("call_2")],  # the second answers a call that nobody made
    [_USER, _assistant(_call()), _result(), _USER, _result()],  # too late
    [_USER, _assistant(_call())],
    [_USER, _assistant(_call(), _call("call_2")), _result()],  # one of two unanswered
    [_USER, _assistant(), _USER],
    [_USER, _assistant(_call(identifier=1)), _result()],
    [_USER, _assistant(_call(name=None)), _result()],
    [_USER, _assistant(_call(arguments=None)), _result()],
    [_USER, _assistant(_call(arguments={})), _result()],  # an object where its JSON text belongs
    [_USER, _assistant({"type": "function", "function": {"name": "look_up", "arguments": "{}"}}), _USER],  # no result can refer to it
    [_USER, _assistant({"id": "call_1", "type": "gadget", "function": {"name": "look_up", "arguments": "{}"}}), _result()],
    [_USER, _assistant({"id": "call_1", "function": {"name": "look_up", "arguments": "{}"}}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "gadget", "custom": {"name": "look_up", "input": "word"}}), _result()],
    [_USER, _assistant({"id": "call_1", "custom": {"name": "look_up", "input": "word"}}), _result()],
    # A signature that some vendors put beside a call; to the others an unknown member, so that these rows drop out.
    *([_USER, _assistant({**_CALL, "extra_content": wrong}), _result()] for wrong in (None, "signature")),
    [_USER, _assistant({"id": "call_1", "type": "function"}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "function", "function": {"name": "look_up"}}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "function", "function": {"arguments": "{}"}}), _result()],
    [_USER, {"role": "assistant", "content": "Hi", "tool_calls": {}}, _USER],
    [_USER, _assistant({"id": "call_1", "type": "custom"}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "custom", "custom": "look_up"}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "custom", "custom": {"name": "look_up"}}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "custom", "custom": {"input": "word"}}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "custom", "custom": {"name": [], "input": "word"}}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "custom", "custom": {"name": "look_up", "input": {}}}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "function", "function": None}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "custom", "custom": None}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "custom", "custom": {"name": None, "input": "word"}}), _result()],
    [_USER, _assistant({"id": "call_1", "type": "custom", "custom": {"name": "look_up", "input": None}}), _result()],
    # Null for the word that tells one kind of object from another, beside what belongs to each kind.
    [_USER, {"role": None, "tool_call_id": "call_1", "content": "42"}],
    [_USER, {"role": None, "name": "look_up", "content": "42"}],
    [_USER, _assistant({"id": "call_1", "type": None, "function": {"name": "look_up", "arguments": "{}"}}), _result()],
    [_USER, _assistant({"id": "call_1", "type": None, "custom": {"name": "look_up", "input": "word"}}), _result()],
    [_USER, {"role": "assistant", "content": [{"type": None, "refusal": "No."}]}, _USER],
    _parts({"type": None, "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}),
    _parts({"type": None, "input_audio": {"data": "AAAA", "format": "wav"}}),
    _parts({"type": None, "file": {"file_id": "file-1"}}),
    _parts({"type": None, "video_url": {"url": "https://example.org/a.mp4"}}),
    _parts({"type": None, "filename": "a.pdf", "file_data": "AAAA"}),
    [{**_USER, "name": 42}] if isinstance(_USER, dict) else [],
    [_USER, _USER, {"role": "user"}],  # only the last message is wrong
)
"""Values of `messages`."""


def _function(**members: Json) -> Json:
    return {"type": "function", "function": members}


def _custom(form: Json) -> Json:
    return {"type": "custom", "custom": {"name": "look_up", "format": form}}


def _schema(**members: Json) -> Json:
    return {"type": "json_schema", "json_schema": members}


_MEMBERS: Final[tuple[dict[str, Json], ...]] = (
    {"model": None},
    {"model": 42},
    {"model": {}},
    # Numbers: outside of their range (what lies right beside a bound is generated), in part, and as text.
    {"temperature": 2.1},
    {"temperature": -0.1},
    {"temperature": 99},
    {"temperature": "0.7"},
    {"temperature": "hot"},
    {"top_p": 1.1},
    {"top_p": -0.1},
    {"top_p": "0.5"},
    {"presence_penalty": 2.1},
    {"presence_penalty": -2.1},
    {"frequency_penalty": 2.1},
    {"frequency_penalty": -2.1},
    {"frequency_penalty": "0"},
    {"n": -1},
    {"n": 1.5},
    {"n": "1"},
    {"seed": 1.5},
    {"seed": "7"},
    {"max_tokens": -1},
    {"max_tokens": 1.5},
    {"max_tokens": "1"},
    {"max_completion_tokens": -1},
    {"max_completion_tokens": 1.5},
    {"max_completion_tokens": "1"},
    {"stream": "true"},
    {"stream": "yes"},
    {"stream": 1},
    {"stream": []},
    # stop
    {"stop": 42},
    {"stop": {}},
    {"stop": None},
    {"stop": []},
    {"stop": ["a", 1]},
    # Maps: a generator breaks the map, not what it holds.
    {"logit_bias": {"50256": 101}},
    {"logit_bias": {"50256": -101}},
    {"logit_bias": {"50256": "1"}},
    {"logit_bias": {"50256": None}},
    {"logit_bias": [50256]},
    {"metadata": {"key": 42}},
    {"metadata": {"key": None}},
    {"metadata": {"key": {}}},
    {"metadata": {"key": "v" * 513}},
    {"metadata": {"k" * 65: "value"}},
    {"metadata": {f"key{number}": "value" for number in range(17)}},
    {"stop": "END"},  # right, but where only lists are documented
    # Members that depend on others.
    {"top_logprobs": 2},
    {"logprobs": False, "top_logprobs": 2},
    {"logprobs": 1, "top_logprobs": {}},  # one fault, where logprobs is a number
    {"logprobs": 1, "top_logprobs": -1},
    {"logprobs": 1, "top_logprobs": 21},
    {"logprobs": True, "top_logprobs": 1.5},
    {"logprobs": "true"},
    {"logprobs": 2},
    {"stream_options": {"include_usage": True}},
    {"stream": False, "stream_options": {"include_usage": True}},
    {"stream": True, "stream_options": {"include_usage": "true"}},
    {"stream": True, "stream_options": {"include_usage": []}},
    {"stream": True, "stream_options": True},
    {"stream": True, "stream_options": []},
    {"parallel_tool_calls": True},
    {"tool_choice": "auto"},
    {"tool_choice": "required"},
    {"tool_choice": {"type": "function", "function": {"name": "look_up"}}},
    {"max_tokens": 1, "max_completion_tokens": 1},
    {"modalities": ["text", "audio"]},
    {"response_format": {"type": "json_object"}},  # nobody asked for JSON in words
    {"functions": [{"name": "look_up"}], "tools": [_TOOL]},
    # Tools
    {"tools": {}},
    {"tools": "look_up"},
    {"tools": ["look_up"]},
    {"tools": [{"type": "function"}]},
    {"tools": [{"function": {"name": "look_up"}}]},
    {"tools": [{"type": "gadget", "gadget": {"name": "look_up"}}]},
    {"tools": [{"type": "gadget", "function": {"name": "look_up"}}]},
    {"tools": [{"type": "gadget", "custom": {"name": "look_up"}}]},
    {"tools": [{"custom": {"name": "look_up"}}]},
    {"tools": [{"type": None, "function": {"name": "look_up"}}]},
    {"tools": [{"type": None, "custom": {"name": "look_up"}}]},
    {"tools": [_custom({"type": None})]},
    {"tools": [_custom({"type": None, "grammar": {"definition": "[a-z]+", "syntax": "regex"}})]},
    {"tools": [_custom({"type": "riddle", "grammar": {"definition": "[a-z]+", "syntax": "regex"}})]},
    {"tools": [{"type": "function", "name": "look_up"}]},  # the flat form of the Responses API
    {"tools": [{"type": "function", "function": "look_up"}]},
    {"tools": [_function()]},
    {"tools": [_function(description="nameless")]},
    {"tools": [_function(name="")]},
    {"tools": [_function(name="look up")]},
    {"tools": [_function(name="look.up")]},
    {"tools": [_function(name="n" * 65)]},
    {"tools": [_function(name=None)]},
    {"tools": [_function(name=42)]},
    {"tools": [_function(name="look_up", description=42)]},
    {"tools": [_function(name="look_up", parameters="{}")]},
    {"tools": [_function(name="look_up", parameters=[])]},
    {"tools": [_function(name="look_up", strict="true")]},
    {"tools": [_TOOL, _function()]},  # only the second is wrong
    {"tools": [_function(name=f"look_up_{number}") for number in range(129)]},
    {"tools": [_TOOL], "tool_choice": "sometimes"},
    {"tools": [_TOOL], "tool_choice": 42},
    {"tools": [_TOOL], "tool_choice": []},
    {"tools": [_TOOL], "tool_choice": {"type": "gadget", "function": {"name": "look_up"}}},
    {"tools": [_TOOL], "tool_choice": {"type": "gadget", "allowed_tools": {"mode": "auto", "tools": [_TOOL]}}},
    {"tools": [_TOOL], "tool_choice": {"type": None, "custom": {"name": "look_up"}}},
    {"tools": [_TOOL], "tool_choice": {"type": None, "function": {"name": "look_up"}}},
    {"tools": [_TOOL], "tool_choice": {"type": None, "allowed_tools": {"mode": "auto", "tools": [_TOOL]}}},
    {"tools": [_TOOL], "tool_choice": {"type": "function"}},
    {"tools": [_TOOL], "tool_choice": {"type": "function", "name": "look_up"}},
    {"tools": [_TOOL], "tool_choice": {"function": {"name": "look_up"}}},
    {"tools": [_TOOL], "tool_choice": {"custom": {"name": "look_up"}}},
    {"tools": [_TOOL], "tool_choice": {"allowed_tools": {"mode": "auto", "tools": [_TOOL]}}},
    {"tools": [_TOOL], "tool_choice": {"type": "function", "function": {}}},
    {"tools": [_TOOL], "tool_choice": {"type": "function", "function": {"name": 42}}},
    {"tools": [_TOOL], "parallel_tool_calls": "true"},
    {"tools": [_TOOL], "parallel_tool_calls": []},
    # The rest
    {"user": 42},
    {"user": {}},
    {"store": "true"},
    {"service_tier": "business-class"},
    {"reasoning_effort": "heroic"},
    {"verbosity": "chatty"},
    {"modalities": ["smell"]},
    {"modalities": "text"},
    {"prompt_cache_retention": "forever"},
    {"prediction": {"type": "content"}},
    {"prediction": {"content": "Hello"}},
    {"prediction": {"type": "prophecy", "content": "Hello"}},
    {"modalities": ["text", "audio"], "audio": {"voice": "alloy"}},
    {"modalities": ["text", "audio"], "audio": {"format": "wav"}},
    {"web_search_options": {"search_context_size": "huge"}},
    {"web_search_options": {"user_location": {"approximate": {"country": "DE"}}}},
    {"functions": []},
    {"functions": [{"description": "nameless"}]},
    {"functions": [{"name": f"look_up_{number}"} for number in range(129)]},
    {"functions": [{"name": "look_up"}], "function_call": "required"},
    {"functions": [{"name": "look_up"}], "function_call": {}},
)
"""Other members, each row set on the minimal body."""

_FORMATS: Final[tuple[Json, ...]] = (
    "json_object",
    [],
    {},
    {"type": "yaml"},
    {"type": None},
    {"type": "json_schema"},
    {"type": "json_schema", "schema": {"type": "object"}},  # not nested
    {"type": "json_schema", "json_schema": []},
    {"type": "yaml", "json_schema": {"name": "answer"}},
    {"type": None, "json_schema": {"name": "answer"}},
    {"type": "yaml", "grammar": "[a-z]+"},
    {"type": None, "grammar": "[a-z]+"},
    {"grammar": "[a-z]+"},
    {"json_schema": {"name": "answer"}},
    _schema(),
    _schema(schema={"type": "object"}),
    _schema(name=42, schema={"type": "object"}),
    _schema(name="two words", schema={"type": "object"}),
    _schema(name="n" * 65, schema={"type": "object"}),
    _schema(name="answer", schema="object"),
    _schema(name="answer", schema={"type": "object"}, strict="true"),
)
"""Values of `response_format`."""
