"""Legal values said by hand: text of every kind, turns and tools in each of their forms, and the ways to write one body."""

# ruff: noqa: RUF001 - letters that look like others are what some of these are for

from __future__ import annotations

from dataclasses import replace
from typing import Final

from conformance.generate.samples import Ring, Value
from conformance.generate.switches import NAME, PARTS, TOOLS, TURNS
from conformance.model import Json, Sample, SampleKind

PAIRS: Final = 50
"""Questions and answers of a long conversation; each costs a dozen tokens of a prompt."""

LONG: Final = 32 * 1024
"""Characters of a long turn."""

TEXTS: Final = {
    "emoji": ("joined emoji and a flag", "👩\u200d👩\u200d👧\u200d👦 🇩🇪 👍🏽"),
    "han": ("Chinese", "你好，世界"),
    "hangul": ("Korean", "안녕하세요"),
    "kana": ("Japanese", "こんにちは"),
    "devanagari": ("Devanagari", "नमस्ते"),
    "right-to-left": ("Arabic and Hebrew with marks of direction", "مرحبا \u200fשלום\u200e"),
    "combining": ("a combining accent beside its composed form", "e\u0301 and é"),
    "astral": ("letters beyond the basic plane", "𝒜𝓁𝓅𝒽𝒶 𐍈"),
    "line-separator": ("U+2028 and U+2029, which are line breaks to some readers", "one\u2028two\u2029three"),
    "next-line": ("U+0085, a line break to some readers", "one\u0085two"),
    "byte-order-mark": ("U+FEFF in the middle", "one\ufefftwo"),
    "controls": ("control characters, escaped as JSON has it", "a\u0001b\u0008c\u001bd\u007f"),
    "line-breaks": ("line breaks and tabs of every make", "one\r\ntwo\n\tthree\rfour"),
    "quoting": ("quotation marks and backslashes", '"quoted" \\ back\\slash \\u0041'),
    "replacement": ("U+FFFD", "\ufffd"),
    "markup": ("what means something elsewhere", "<|im_end|> </s> [INST] %s {0} ${HOME} {{ braces }} &amp; <b>"),
    "event": ("what would end a stream that is not encoded", "data: [DONE]\n\n"),
}
"""What it is, and the text, by name. Without U+0000, which databases in wide use cannot hold."""

TOOL: Final[Json] = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look a word up.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
    },
}

_NESTED: Final[Json] = {
    "type": "object",
    "properties": {
        "entry": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/entry"}]},
        "sort": {"type": "string", "enum": ["up", "down"]},
    },
    "required": [],
    "additionalProperties": False,
    "$defs": {"entry": {"type": "object", "properties": {"words": {"type": "array", "items": {"type": "string"}}}}},
}

ON: Final = True
OFF: Final = False

QUESTION: Final[Json] = {"role": "user", "content": "Hi."}
ANSWER: Final[Json] = {"role": "assistant", "content": "Hello."}


_TURNS: Final = frozenset({TURNS})


def said(name: str, kind: SampleKind, text: str, *turns: Json, needs: tuple[str, ...] = (), tools: tuple[Json, ...] = ()) -> Value:
    """A value that is a piece of the conversation so far."""
    return Value(
        sample=Sample(slug=f"messages/{name}", kind=kind, pointer="/messages", text=text, needs=frozenset({TURNS, *needs})),
        ring=Ring.CONVERSATION,
        turns=turns,
        tools=tools,
    )


def _call(number: int) -> Json:
    # Nine letters and digits: the only form of id that templates of every model take.
    return {"id": f"callnum{number:02}", "type": "function", "function": {"name": "look_up", "arguments": '{"word": "sea"}'}}


def _errand(name: str, kind: SampleKind, text: str, turn: dict[str, Json], *results: Json, needs: tuple[str, ...] = ()) -> Value:
    """A turn that calls, each call answered, and an answer made of that."""
    calls: list[Json] = [_call(number) for number, _ in enumerate(results)]
    asked: Json = {"role": "assistant", **turn, "tool_calls": calls}
    answered: list[Json] = [
        {"role": "tool", "tool_call_id": f"callnum{number:02}", "content": result} for number, result in enumerate(results)
    ]
    return said(name, kind, text, QUESTION, asked, *answered, ANSWER, needs=(TOOLS, *needs), tools=(TOOL,))


def _tool(slug: str, kind: SampleKind, text: str, **function: Json) -> Value:
    tool: Json = {"type": "function", "function": {"name": slug, **function}}
    return Value(
        sample=Sample(slug=f"tools/{slug}", kind=kind, pointer="/tools", text=text, needs=frozenset({TOOLS})),
        ring=Ring.CONVERSATION,
        tools=(tool,),
    )


def _written(name: str, kind: SampleKind, text: str, ring: Ring = Ring.CORE, **writing: str) -> Value:
    return Value(sample=Sample(slug=f"body/{name}", kind=kind, pointer="", text=text), ring=ring, writing=writing)


def handwritten() -> tuple[Value, ...]:
    """All of them, in a fixed order."""
    return (*_texts(), *_writings(), *_turns(), *_tools(), *_formats())


def _texts() -> tuple[Value, ...]:
    return tuple(
        Value(
            sample=Sample(slug=f"text/{name}", kind=SampleKind.TEXT, pointer="/messages", text=f"text with {what}", needs=_TURNS),
            ring=Ring.CORE,
            turns=({"role": "user", "content": f"A note: {text}"}, {"role": "assistant", "content": f"Noted: {text}"}),
            writing={"escapes": "none"},
        )
        for name, (what, text) in TEXTS.items()
    )


def _writings() -> tuple[Value, ...]:
    escaped = _written(
        "escaped", SampleKind.WRITING, "a body in ASCII, with all else escaped, emoji as pairs of surrogates", Ring.RARE, escapes="ascii"
    )
    emoji: tuple[Json, ...] = ({"role": "user", "content": "A note: naïve 東京 😀"}, ANSWER)
    hundred = said("hundred", SampleKind.SIZE, f"a conversation of {2 * PAIRS} short messages", *[QUESTION, ANSWER] * PAIRS)
    long = said("long", SampleKind.SIZE, f"a message of {LONG} characters", {"role": "user", "content": "so " * (LONG // 3)}, ANSWER)
    return (
        _written("reversed", SampleKind.WRITING, "the members of every object in the opposite order", order="reversed"),
        _written("padded", SampleKind.SIZE, "a body of 64 KiB", space="padded"),
        _written("indented", SampleKind.WRITING, "a body with line breaks and indents", Ring.PARAMETERS, space="indented"),
        replace(escaped, sample=replace(escaped.sample, needs=_TURNS), turns=emoji),
        _written("charset", SampleKind.LABEL, "Content-Type: application/json; charset=utf-8", type="application/json; charset=utf-8"),
        replace(hundred, ring=Ring.CORE),
        replace(long, ring=Ring.CORE, gate=False),
    )


def _turns() -> tuple[Value, ...]:
    parts: Json = [{"type": "text", "text": "Hi."}, {"type": "text", "text": "你好 👩\u200d👧"}]
    refused: Json = [{"type": "refusal", "refusal": "I will not."}]
    declined: dict[str, Json] = {"role": "assistant", "content": None, "refusal": "I will not."}
    nulls: dict[str, Json] = {"role": "assistant", "content": "Hello.", "refusal": None, "audio": None, "function_call": None}
    called: dict[str, Json] = {"role": "assistant", "content": None, "function_call": {"name": "look_up", "arguments": "{}"}}
    returned: Json = {"role": "function", "name": "look_up", "content": "42"}
    first = "a call and its result in their first form"
    older = said("function", SampleKind.TURN, first, QUESTION, called, returned, ANSWER, needs=("functions",))
    return (
        said("name-user", SampleKind.NAME, "a user message with a name", {**_of(QUESTION), "name": "ada"}, ANSWER, needs=(NAME,)),
        said("name-assistant", SampleKind.NAME, "an answer with a name", QUESTION, {**_of(ANSWER), "name": "bob-2"}, needs=(NAME,)),
        said("parts", SampleKind.PARTS, "a user message of two text parts", {"role": "user", "content": parts}, ANSWER, needs=(PARTS,)),
        said(
            "parts-refusal",
            SampleKind.PARTS,
            "an answer that is a refusal part",
            QUESTION,
            {"role": "assistant", "content": refused},
            needs=(PARTS,),
        ),
        said("refusal", SampleKind.TURN, "an answer that declined: refusal, and content null", QUESTION, declined),
        said("nulls", SampleKind.NULL, "refusal, audio and function_call null in an answer", QUESTION, nulls, needs=("null-fields",)),
        _errand("call", SampleKind.TURN, "a call with content null, and its result as a string", {"content": None}, "the sea"),
        _errand("call-alone", SampleKind.TURN, "a call without content", {}, "the sea"),
        _errand("call-blank", SampleKind.TURN, "a call beside empty content", {"content": ""}, "the sea"),
        _errand("call-spoken", SampleKind.TURN, "a call beside content", {"content": "Let me see."}, "the sea"),
        _errand("calls", SampleKind.TURN, "two calls and their results", {"content": None}, "the sea", "the sky"),
        _errand("result-empty", SampleKind.TURN, "the result of a tool that has nothing to say", {"content": None}, ""),
        _errand(
            "result-parts",
            SampleKind.RESULT,
            "the result of a tool as text parts",
            {"content": None},
            [{"type": "text", "text": "the sea"}],
            needs=(PARTS,),
        ),
        replace(older, ring=Ring.RARE),
    )


_ABOUT: Final = "Looks an entry up."
"""Where a tool shows something else, the lack of a description, which some servers want, is not to be what it is turned down for."""


def _tools() -> tuple[Value, ...]:
    return (
        _tool("bare", SampleKind.FORM, "a function with a name and nothing else"),
        _tool(
            "longest-name",
            SampleKind.BOUND,
            "a function whose name has 64 characters",
            description=_ABOUT,
            name="n" * 64,
            parameters=_NESTED,
        ),
        _tool("no-parameters", SampleKind.FORM, "a function whose parameters are an empty object", description=_ABOUT, parameters={}),
        _tool(
            "nested", SampleKind.FORM, "a function with nested parameters, references and unions", description=_ABOUT, parameters=_NESTED
        ),
        _tool(
            "strict-false", SampleKind.FORM, "a function with strict false", description=_ABOUT, parameters={"type": "object"}, strict=False
        ),
        _tool(
            "strict-null", SampleKind.NULL, "a function with strict null", description=_ABOUT, parameters={"type": "object"}, strict=None
        ),
        replace(_set("tool_choice/auto", "tool_choice auto, its default", "auto", needs=(TOOLS,)), ring=Ring.CONVERSATION, tools=(TOOL,)),
        replace(_set("parallel_tool_calls/true", "parallel_tool_calls true", ON, needs=(TOOLS,)), ring=Ring.CONVERSATION, tools=(TOOL,)),
    )


def _formats() -> tuple[Value, ...]:
    return (
        _set("response_format/text", "response_format text, its default", {"type": "text"}),
        _set("modalities/text", "modalities text alone", ["text"]),
        replace(_set("stream/false", "stream false, its default", OFF), ring=Ring.CORE),
        replace(_set("seed/number", "a seed, 7", 7, kind=SampleKind.NEUTRAL, needs=("seed",)), ring=Ring.PARAMETERS),
    )


def _set(slug: str, text: str, value: Json, *, kind: SampleKind = SampleKind.FORM, needs: tuple[str, ...] = ()) -> Value:
    """A value of a top-level member."""
    name = slug.partition("/")[0]
    sample = Sample(slug=slug, kind=kind, pointer=f"/{name}", text=text, needs=frozenset(needs))
    return Value(sample=sample, ring=Ring.RARE, put={name: value})


def _of(turn: Json) -> dict[str, Json]:
    assert isinstance(turn, dict)
    return turn
