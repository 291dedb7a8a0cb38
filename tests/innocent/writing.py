"""Puts answers down: as one object, or as chunks and events."""

from __future__ import annotations

import codecs
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, zip_longest
from typing import Any

from tests.innocent.members import RefusalError
from tests.innocent.reading import MODEL, Wanted
from tests.innocent.speaking import Said, prompt_tokens
from tests.innocent.style import Style

_numbers = count(1)

_OTHERS = [bytes([each]) for each in b"?!.,;:-+*/=#%&@~^|_"]
"""Tokens that are always possible, and never likely."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one answer."""

    style: Style
    wanted: Wanted
    said: list[Said]
    cached: int

    def usage(self) -> dict[str, Any]:
        prompt, completion = prompt_tokens(self.style, self.wanted), sum(each.counted for each in self.said)
        found: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        if self.style.details:
            found["prompt_tokens_details"] = {"cached_tokens": min(self.cached, prompt)}
            found["completion_tokens_details"] = {"reasoning_tokens": sum(len(each.thought) for each in self.said)}
        elif self.style.nulls == "all":
            found |= {"prompt_tokens_details": None, "completion_tokens_details": None}
        return found

    def head(self, kind: str) -> dict[str, Any]:
        head: dict[str, Any] = {"id": f"chatcmpl-{next(_numbers):08x}", "object": kind, "created": int(time.time()), "model": MODEL}
        if self.style.nulls == "all":
            head |= {"system_fingerprint": None, "service_tier": None}
        elif self.style.nulls == "exact":
            head["system_fingerprint"] = "fp_1"
        return head

    # ---- whole

    def whole(self) -> bytes:
        choices = [
            {"index": index, "message": self._message(said), **self._logprobs(said.tokens, "none"), "finish_reason": said.finish}
            for index, said in enumerate(self.said)
        ]
        usage = {} if self.style.usage == "never" else {"usage": self.usage()}
        return self._json({**self.head("chat.completion"), "choices": choices, **usage})

    def _message(self, said: Said) -> dict[str, Any]:
        content: str | None = said.text if said.tokens or not said.calls else self.style.text_beside_calls
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if content is None and self.style.nulls == "none":
            del message["content"]
        if said.calls:
            message["tool_calls"] = [
                {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}} for id_, name, arguments in said.calls
            ]
        if said.thought and self.style.shows_thought:
            message["reasoning_content"] = said.thinking
        match self.style.nulls:
            case "exact":
                message |= {"refusal": None, "annotations": []}
            case "all":
                for member in ("refusal", "tool_calls", "function_call", "audio", "annotations", "reasoning_content"):
                    message.setdefault(member, None)
            case _:
                pass
        return message

    def _logprobs(self, tokens: list[bytes], absent: str) -> dict[str, Any]:
        if not self.wanted.body.get("logprobs"):
            return {} if self.style.nulls == "none" or (absent == "delta" and self.style.nulls == "exact") else {"logprobs": None}
        most = int(self.wanted.body.get("top_logprobs") or 0)
        entries = [
            {
                **_entry(token, -0.1),
                "top_logprobs": [
                    _entry(token, -0.1),
                    *(_entry(each, -3.0 - place) for place, each in enumerate(_OTHERS) if each != token),
                ][:most],
            }
            for token in tokens
        ]
        return {"logprobs": {"content": entries, **({} if self.style.nulls == "none" else {"refusal": None})}}

    # ---- streamed

    def chunks(self) -> Iterator[dict[str, Any]]:
        """All chunks of a stream."""
        lines = [list(self._choice(index, said)) for index, said in enumerate(self.said)]
        one_by_one = [choice for line in lines for choice in line]
        mixed = [choice for row in zip_longest(*lines) for choice in row if choice is not None]
        head = self.head("chat.completion.chunk")
        wants = self.wanted.usage or self.style.usage == "always"
        before = {"usage": None} if self.wanted.usage and self.style.usage == "asked" else {}
        for choice in one_by_one if self.style.serial else mixed:
            yield {**head, "choices": [choice], **before}
        if wants:
            yield {**head, "choices": [], "usage": self.usage()}

    def _choice(self, index: int, said: Said) -> Iterator[dict[str, Any]]:
        deltas = list(self._deltas(said))
        finish = deltas.pop() if self.style.finish == "merged" and deltas else ({}, list[bytes]())
        first = True
        for delta, tokens in deltas:
            yield self._put(index, delta, tokens, None, first=first)
            if self.style.blanks:
                yield self._put(index, {}, [], None, first=False)
            first = False
        yield self._put(index, *finish, said.finish, first=first)

    def _put(self, index: int, delta: dict[str, Any], tokens: list[bytes], finish: str | None, *, first: bool) -> dict[str, Any]:
        if (first and self.style.role != "apart") or self.style.role == "every":
            delta = {"role": "assistant", **delta}
        if self.style.nulls == "all":
            delta = {**dict.fromkeys(("role", "content", "refusal", "tool_calls", "function_call", "reasoning_content")), **delta}
        return {"index": index, "delta": delta, **self._logprobs(tokens, "delta"), "finish_reason": finish}

    def _deltas(self, said: Said) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
        """Every delta, and the tokens that it is made of."""
        if self.style.role == "apart":
            yield {"role": "assistant", "content": None if said.calls else "", "refusal": None}, []
        if self.style.shows_thought:
            for token in said.thought:
                yield {"reasoning_content": token.decode()}, []
        decoder, held = codecs.getincrementaldecoder("utf-8")("ignore"), list[bytes]()
        for token in said.tokens:
            held.append(token)
            if text := decoder.decode(token):
                yield {"content": text}, held
                held = []
        if held and self.wanted.body.get("logprobs"):
            yield {"content": ""}, held
        for place, (id_, name, arguments) in enumerate(said.calls):
            pieces = [arguments] if self.style.whole_calls else ["", *(arguments[at : at + 5] for at in range(0, len(arguments), 5))]
            for number, piece in enumerate(pieces):
                begun = {"id": id_, "type": "function"} if not number else {}
                named = {"name": name} if not number else {}
                yield {"tool_calls": [{"index": place, **begun, "function": {**named, "arguments": piece}}]}, []

    # ---- bytes

    def events(self) -> Iterator[bytes]:
        """Events as they stand in the stream."""
        style, end = self.style, self.style.newline
        data = b"data: " if style.space else b"data:"
        for number, chunk in enumerate(self.chunks()):
            if style.comments and number % 3 == 0:
                yield b": keep-alive" + end + end
            yield data + self._json(chunk) + end + end
        yield b"data: [DONE]" + end + end if style.space else b"data:[DONE]" + end + end

    def _json(self, value: dict[str, Any]) -> bytes:
        return json.dumps(value, ensure_ascii=self.style.ascii).encode()


def _entry(token: bytes, logprob: float) -> dict[str, Any]:
    try:
        text = token.decode()
    except UnicodeDecodeError:
        text = "bytes:" + "".join(f"\\x{each:02x}" for each in token)
    return {"token": text, "logprob": round(logprob, 2), "bytes": list(token)}


def refused(style: Style, refusal: RefusalError) -> bytes:
    """The body of an error."""
    error: dict[str, Any] = {"message": refusal.message}
    if not style.bare_errors:
        code = {"word": refusal.code, "null": None, "status": refusal.status}[style.code]
        error |= {"type": "server_error" if refusal.status >= 500 else "invalid_request_error", "param": refusal.param, "code": code}
    return json.dumps({"error": error}).encode()
