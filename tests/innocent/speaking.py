"""The model: what it says, in which tokens, and when it stops. It is no good; a server may still be."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from typing import Any

from tests.innocent.reading import Wanted
from tests.innocent.style import Style

_turns = count()


@dataclass(slots=True, kw_only=True)
class Said:
    """One choice."""

    thought: list[bytes] = field(default_factory=list)
    tokens: list[bytes] = field(default_factory=list)
    """What is said; a token may end within a character."""
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    """Id, name and arguments."""
    finish: str = "stop"
    counted: int = 0
    """Tokens, thought and calls included."""

    @property
    def text(self) -> str:
        return b"".join(self.tokens).decode("utf-8", "ignore")

    @property
    def thinking(self) -> str:
        return b"".join(self.thought).decode()


def split(style: Style, text: str) -> list[bytes]:
    """A text in tokens."""
    match style.tokens:
        case "words":
            return [each.encode() for each in re.findall(r"\s*\S+|\s+$", text)]
        case "letters":
            return [each.encode() for each in text]
        case _:
            return [bytes([each]) for each in text.encode()]


def prompt_tokens(style: Style, wanted: Wanted) -> int:
    parts = [part for message in wanted.texts for part in message]
    tools = json.dumps(wanted.body["tools"]) if wanted.body.get("tools") else ""
    framing = style.overhead * len(wanted.texts) + style.part_overhead * (len(parts) - len(wanted.texts))
    return sum(len(split(style, part)) for part in parts) + len(split(style, tools)) + framing


def speak(style: Style, wanted: Wanted) -> list[Said]:
    """All choices."""
    return [_choice(style, wanted) for _ in range(int(wanted.body.get("n") or 1))]


def _choice(style: Style, wanted: Wanted) -> Said:
    room = 10_000 if wanted.cap is None else wanted.cap
    thought = list(islice(cycle([b"hm ", b"well "]), min(style.thinks, room)))
    said = Said(thought=thought, counted=len(thought))
    room -= len(thought)
    if not room:
        said.finish = "length"
        return said
    named = _call(style, wanted)
    if named:
        _do_call(style, wanted, said, named, room)
    else:
        _do_say(style, wanted, said, room)
    return said


def _call(style: Style, wanted: Wanted) -> list[str]:
    """Names of the functions that are called."""
    choice, functions = wanted.body.get("tool_choice"), wanted.functions
    if not functions or choice == "none":
        return []
    if isinstance(choice, dict):
        return [choice["function"]["name"]]
    last = wanted.body["messages"][-1]
    asked = " ".join(wanted.texts[-1])
    mentioned = [name for name in functions if name in asked] if last["role"] == "user" else []
    if choice != "required" and (style.shy or not mentioned):
        return []
    wished = mentioned or list(functions)[:1]
    several = style.at_once if wanted.body.get("parallel_tool_calls") is not False else 1
    return (wished * several)[:several]


def _do_call(style: Style, wanted: Wanted, said: Said, names: list[str], room: int) -> None:
    if style.mind == "chatty":
        said.tokens = split(style, "Let me see.")[:room]
        said.counted += len(said.tokens)
        room -= len(said.tokens)
    named = isinstance(wanted.body.get("tool_choice"), dict)
    said.finish = style.named_finish if named else "tool_calls"
    for name in names:
        schema = wanted.functions[name].get("parameters") or {}
        arguments = split(style, json.dumps(_instance(schema)))
        if len(arguments) + 3 > room:
            said.finish = "length"
            if room < 3:
                return
        kept = arguments[: room - 3]
        said.calls.append((f"call{next(_turns):05d}", name, b"".join(kept).decode("utf-8", "ignore")))
        said.counted += len(kept) + 3
        room -= len(kept) + 3


def _do_say(style: Style, wanted: Wanted, said: Said, room: int) -> None:
    tokens = split(style, _text(style, wanted))
    said.tokens = tokens[:room]
    said.finish = "length" if len(tokens) > room else "stop"
    ends = [at for stop in wanted.stops if stop and (at := b"".join(said.tokens).find(stop.encode())) >= 0]
    if ends:
        # What was generated up to and with the stop sequence is paid for; what stands before it is said.
        first, kept, length = min(ends), list[bytes](), 0
        for number, token in enumerate(said.tokens):
            if length + len(token) > first:
                kept.append(token[: first - length])
                said.counted += number + 1
                break
            kept.append(token)
            length += len(token)
        said.tokens, said.finish = [token for token in kept if token], "stop"
        return
    said.counted += len(said.tokens) + (style.end_token if said.finish == "stop" else 0)


def _text(style: Style, wanted: Wanted) -> str:
    form = wanted.body.get("response_format") or {}
    if form.get("type") == "json_object":
        return '{"answer": "Oslo"}'
    if form.get("type") == "json_schema":
        return json.dumps(_instance(form["json_schema"].get("schema") or {}))
    asked = " ".join(wanted.texts[-1])
    return _free(style, asked)


def _free(style: Style, asked: str) -> str:
    """What it says when nothing is prescribed."""
    said = {
        "rambling": " ".join(f"And another thing, the {number}th: the weather was better in the old days." for number in range(40)),
        "terse": "Ok.",
        "foreign": "Natürlich, gern! 当然可以。Übung macht den Meister, и всё такое. 👩‍👩‍👧 " * 3,
        "canned": "Hello! How can I help you today?",
        "echo": asked,
        "mute": "",
    }
    if style.mind in said:
        return said[style.mind]
    if style.mind == "moody":
        return " ".join(["Hm", "well", "so", "now", "then"][(next(_turns) * 7 + step) % 5] for step in range(5 + next(_turns) % 9))
    begun = "\n\n" if style.mind == "newline" else ""
    if asked.startswith("Say exactly: "):
        return begun + asked.removeprefix("Say exactly: ")
    if "Count from" in asked:
        return begun + " ".join(str(number) for number in range(1, 41))
    return begun + "That is a good question, and here is an answer to it."


def _instance(schema: dict[str, Any]) -> Any:
    """Something that fits a schema, of the few kinds that are asked for."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _instance(schema["anyOf"][0])
    match schema.get("type", "object"):
        case "string":
            return "Oslo"
        case "integer" | "number":
            return 7
        case "boolean":
            return True
        case "array":
            return [_instance(schema.get("items") or {"type": "string"})]
        case "null":
            return None
        case _:
            return {name: _instance(inner) for name, inner in (schema.get("properties") or {}).items()}
