"""Log probabilities: there when asked for, finite, and about the text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from conformance.model import Detail, Finding, Json, Level, Place
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_answer, valid_reply
from conformance.strictjson import get, items, show
from conformance.subjects.reply import Answer, Choice, Reply

ROUNDING: Final = 1e-3
"""How far above 0 a logarithm may come out through the rounding of a probability of 1."""

asked: Final = valid_reply.needing("logprobs")


def entries(answered: Reply) -> Iterator[tuple[str, Json]]:
    """Pointer and value of every entry, alternatives included. Raises `AbsentError` when there is none: ANSWER-LOGPROBS owns that."""
    if not any(choice.logprobs for choice in answered.choices):
        raise AbsentError("the answer has no log probabilities")
    for position, choice in enumerate(answered.choices):
        for number, entry in enumerate(choice.logprobs):
            pointer = f"/choices/{position}/logprobs/content/{number}"
            yield pointer, entry
            for rank, other in enumerate(items(entry, "top_logprobs")):
                yield f"{pointer}/top_logprobs/{rank}", other


@requirement(
    "ANSWER-LOGPROBS",
    Level.MUST,
    on=asked,
    cites=[
        contract("/x-answer/logprobs-present"),
        contract("/x-request/honour-or-refuse"),
        incident("ollama/ollama#16117"),
        incident("dtzp555-max/ocp#470"),
    ],
    shows=["logprobs"],
)
def logprobs_are_given(answered: Reply) -> Iterator[Finding]:
    """With `logprobs` every choice with content has log probabilities for its tokens, in `logprobs.content`."""
    speaking = [(position, choice) for position, choice in enumerate(answered.choices) if choice.text]
    if not speaking or get(answered.request, "logprobs") is not True:
        raise UnmetError("no choice has content")
    for position, choice in speaking:
        if not choice.logprobs:
            received = "an object without content" if choice.has_logprobs else "none"
            yield Finding(code="no-logprobs", expected="an entry for every token", received=received, at=_at(position))


def _at(position: int) -> Place:
    return Place(pointer=f"/choices/{position}/logprobs")


@requirement(
    "ANSWER-LOGPROBS-KEY",
    Level.SHOULD,
    on=valid_answer,
    cites=[contract("/x-answer/logprobs-absent"), contract("/components/schemas/Choice/required")],
)
def logprobs_are_there_even_if_null(whole: Answer) -> Iterator[Finding]:
    """Every choice has the member `logprobs`, null where none were asked for."""
    choices = [(position, choice) for position, choice in enumerate(items(whole.body, "choices")) if isinstance(choice, dict)]
    if not choices:
        raise AbsentError("the answer has no choice")
    for position, choice in choices:
        if "logprobs" not in choice:
            yield Finding(code="absent", expected="null", received="(absent)", at=_at(position))


@requirement(
    "ANSWER-LOGPROBS-SHAPE",
    Level.MUST,
    on=asked,
    cites=[
        contract("/components/schemas/TokenLogprob"),
        contract("/components/schemas/TokenBytes"),
        incident("abetlen/llama-cpp-python#1787"),
        incident("vllm-project/vllm#3179"),
    ],
)
def logprobs_have_their_shape(answered: Reply) -> Iterator[Finding]:
    """Every entry has a token that is a string and a logprob that is a number; its bytes, where given, are a list of bytes or null."""
    for pointer, entry in entries(answered):
        token, logprob, data, others = (get(entry, name) for name in ("token", "logprob", "bytes", "top_logprobs"))
        if not isinstance(token, str):
            yield Finding(code="token", expected="a string", received=show(token), at=Place(pointer=f"{pointer}/token"))
        if isinstance(logprob, bool) or not isinstance(logprob, int | float):
            yield Finding(code="logprob", expected="a number", received=show(logprob), at=Place(pointer=f"{pointer}/logprob"))
        if (isinstance(data, list) and raw(entry) is None) or isinstance(data, str | int | float | dict):
            yield Finding(code="bytes", expected="numbers from 0 to 255", received=show(data), at=Place(pointer=f"{pointer}/bytes"))
        if isinstance(others, str | int | float | dict):
            yield Finding(code="top-logprobs", expected="a list", received=show(others), at=Place(pointer=f"{pointer}/top_logprobs"))


@requirement(
    "ANSWER-LOGPROBS-RANGE",
    Level.MUST,
    on=asked,
    cites=[
        contract("/x-answer/logprobs-range"),
        incident("PrimeIntellect-ai/prime-rl#2082"),
        incident("madroidmaq/mlx-omni-server#56"),
    ],
)
def logprobs_are_logarithms(answered: Reply) -> Iterator[Finding]:
    """A log probability is finite and at most 0; what is next to impossible is -9999, not minus infinity."""
    for pointer, entry in entries(answered):
        value = get(entry, "logprob")
        if isinstance(value, int | float) and not isinstance(value, bool) and not (math.isfinite(value) and value <= ROUNDING):
            yield Finding(code="range", expected="a finite number, at most 0", received=show(value), at=Place(pointer=f"{pointer}/logprob"))


@requirement(
    "ANSWER-TOP-LOGPROBS",
    Level.MUST,
    on=asked,
    cites=[contract("/x-answer/top-logprobs-count"), incident("sgl-project/sglang#28798")],
)
def no_more_alternatives_than_asked(answered: Reply) -> Iterator[Finding]:
    """No token has more alternatives than top_logprobs asks for."""
    most = get(answered.request, "top_logprobs")
    if not isinstance(most, int):
        raise AbsentError("the request asks for no alternatives")
    for pointer, entry in entries(answered):
        if len(others := items(entry, "top_logprobs")) > most:
            place = Place(pointer=f"{pointer}/top_logprobs")
            yield Finding(code="too-many", expected=f"at most {most}", received=str(len(others)), at=place)


@requirement(
    "ANSWER-LOGPROBS-ALIGNED",
    Level.SHOULD,
    on=asked,
    cites=[contract("/x-answer/logprobs-aligned"), incident("xorbitsai/inference#5252")],
    rests_on=[Detail.BYTES],
)
def logprobs_spell_the_text(answered: Reply) -> Iterator[Finding]:
    """The tokens of the log probabilities, put together, are the content.

    Tokens that only mark the end of a text may follow, and white space around the text may be missing from it.
    """
    judged = [(position, choice) for position, choice in enumerate(answered.choices) if choice.text and choice.logprobs]
    if not judged:
        raise AbsentError("no choice has content with log probabilities")
    for position, choice in judged:
        spelt = _spelt(choice)
        if spelt.strip() != choice.text.encode("utf-8", "replace").strip():
            received = spelt.decode("utf-8", "replace")[-120:]
            yield Finding(code="misaligned", expected=show(choice.text[-120:]), received=show(received), at=_at(position))


def _spelt(choice: Choice) -> bytes:
    """The text that the entries give, without the marks that close it: by their bytes, where all have them, else by their tokens."""
    entries = list(choice.logprobs)
    while entries and _is_mark(entries[-1]):
        entries.pop()
    given = [raw(entry) for entry in entries]
    if all(data is not None for data in given):
        return b"".join(data for data in given if data is not None)
    return "".join(str(get(entry, "token")) for entry in entries).encode("utf-8", "replace")


def _is_mark(entry: Json) -> bool:
    token = get(entry, "token")
    return token == "" or (isinstance(token, str) and token.startswith("<") and token.endswith(">"))


def raw(entry: Json) -> bytes | None:
    """The bytes of an entry; None when it gives none, or no bytes."""
    data = get(entry, "bytes")
    if not isinstance(data, list):
        return None
    numbers = [each for each in data if isinstance(each, int) and not isinstance(each, bool) and 0 <= each <= 255]
    return bytes(numbers) if len(numbers) == len(data) else None
