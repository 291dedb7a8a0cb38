"""The alternatives to each token."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from conformance.model import Finding, Json, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.logprobs import ROUNDING, asked
from conformance.strictjson import get, items, show
from conformance.subjects.reply import Reply

DRIFT: Final = 0.1
"""How far two accounts of one log probability may lie apart through numbers of little precision."""

SLACK: Final = 0.02
"""How far the sum of a few rounded probabilities may come out above 1."""


@requirement(
    "ANSWER-TOP-LOGPROBS-GIVEN",
    Level.SHOULD,
    on=asked,
    cites=[contract("/x-answer/top-logprobs-count"), contract("/x-request/honour-or-refuse"), incident("youssofal/MTPLX#191")],
)
def some_alternatives_are_given(answered: Reply) -> Iterator[Finding]:
    """With top_logprobs above 0 some token has an alternative at least; a wish for them is honoured or refused, not ignored."""
    most = get(answered.request, "top_logprobs")
    entries = [entry for choice in answered.choices for entry in choice.logprobs]
    if not isinstance(most, int) or most < 1 or not entries:
        raise AbsentError("no alternatives were asked for, or there are no log probabilities")
    if not any(items(entry, "top_logprobs") for entry in entries):
        place = Place(pointer="/choices/0/logprobs/content/0/top_logprobs")
        yield Finding(code="none", expected=f"up to {most} alternatives", received=f"none for any of {len(entries)} tokens", at=place)


def _tokens(answered: Reply) -> Iterator[tuple[str, Json]]:
    """Pointer and entry of every token."""
    for position, choice in enumerate(answered.choices):
        for number, entry in enumerate(choice.logprobs):
            yield f"/choices/{position}/logprobs/content/{number}", entry


def _ranked(answered: Reply) -> Iterator[tuple[str, list[Json]]]:
    """Pointer and alternatives of every token that has some, in their order. Raises `AbsentError` when none has."""
    found = [(f"{pointer}/top_logprobs", others) for pointer, entry in _tokens(answered) if (others := items(entry, "top_logprobs"))]
    if not found:
        raise AbsentError("no token has alternatives")
    yield from found


def _logarithms(others: list[Json]) -> list[float]:
    """Their log probabilities; those that are no numbers, or no logarithms, are the affair of other requirements."""
    values = [get(other, "logprob") for other in others]
    return [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0]


@requirement(
    "ANSWER-TOP-LOGPROBS-ORDER",
    Level.MAY,
    on=asked,
    cites=[contract("/components/schemas/TopLogprob"), contract("/x-answer/top-logprobs-count")],
)
def alternatives_are_sorted(answered: Reply) -> Iterator[Finding]:
    """The alternatives to a token come in the order of their likelihood, the likeliest first."""
    for pointer, others in _ranked(answered):
        values = _logarithms(others)
        if any(later > earlier + ROUNDING for earlier, later in pairwise(values)):
            received = ", ".join(f"{value:.4g}" for value in values)
            yield Finding(code="unsorted", expected="falling log probabilities", received=received, at=Place(pointer=pointer))


@requirement(
    "ANSWER-TOP-LOGPROBS-SUM",
    Level.SHOULD,
    on=asked,
    cites=[contract("/x-answer/logprobs-range"), contract("/components/schemas/TopLogprob")],
)
def alternatives_share_one_certainty(answered: Reply) -> Iterator[Finding]:
    """The probabilities of the alternatives to one token add up to 1 at most, or they are no natural logarithms of probabilities."""
    for pointer, others in _ranked(answered):
        total = sum(math.exp(value) for value in _logarithms(others))
        if total > 1 + SLACK:
            received = f"{total:.3f} for {len(others)} alternatives"
            yield Finding(code="above-one", expected="1 at most", received=received, at=Place(pointer=pointer))


@requirement(
    "ANSWER-TOP-LOGPROBS-ALL",
    Level.MAY,
    on=asked,
    cites=[contract("/x-answer/top-logprobs-count"), incident("youssofal/MTPLX#191")],
)
def as_many_alternatives_as_asked(answered: Reply) -> Iterator[Finding]:
    """Some token has as many alternatives as top_logprobs asks for; there is hardly a vocabulary that has not got them."""
    most = get(answered.request, "top_logprobs")
    if not isinstance(most, int) or most < 1:
        raise AbsentError("the request asks for no alternatives")
    longest = max(len(others) for _, others in _ranked(answered))
    if longest < most:
        place = Place(pointer="/choices/0/logprobs/content/0/top_logprobs")
        yield Finding(code="fewer", expected=f"{most} alternatives", received=f"{longest} at most", at=place)


@requirement(
    "ANSWER-TOP-LOGPROBS-AGREE",
    Level.SHOULD,
    on=asked,
    cites=[contract("/components/schemas/TokenLogprob"), contract("/components/schemas/TopLogprob")],
)
def token_and_alternative_agree(answered: Reply) -> Iterator[Finding]:
    """A token that is among its own alternatives has the same log probability in both places.

    Two tokens may be spelt alike, so one that agrees is enough.
    """
    seen = 0
    for pointer, entry in _tokens(answered):
        same = [other for other in items(entry, "top_logprobs") if all(get(other, name) == get(entry, name) for name in ("token", "bytes"))]
        own, told = _logarithms([entry]), _logarithms(same)
        seen += bool(own and told)
        if own and told and all(abs(value - own[0]) > DRIFT for value in told):
            received = ", ".join(f"{value:.4g}" for value in told)
            yield Finding(code="differs", expected=f"{own[0]:.4g}", received=received, at=Place(pointer=f"{pointer}/top_logprobs"))
    if not seen:
        raise AbsentError("no token is among its own alternatives")


@requirement(
    "ANSWER-TOP-LOGPROBS-OWN",
    Level.SHOULD,
    on=asked,
    cites=[contract("/components/schemas/TokenLogprob"), incident("sgl-project/sglang#39260"), incident("sgl-project/sglang#5761")],
)
def every_token_has_alternatives_of_its_own(answered: Reply) -> Iterator[Finding]:
    """A token does not have the alternatives of the token before it: the same ones, number for number, without itself among them."""
    seen = 0
    for position, choice in enumerate(answered.choices):
        for number, (before, entry) in enumerate(pairwise(choice.logprobs), 1):
            others = items(entry, "top_logprobs")
            seen += len(others) > 1
            if len(others) > 1 and others == items(before, "top_logprobs") and _is_another(entry, before, others):
                expected = f"alternatives to {show(get(entry, 'token'))}"
                received = f"those to {show(get(before, 'token'))}: {', '.join(show(get(other, 'token')) for other in others)}"
                place = Place(pointer=f"/choices/{position}/logprobs/content/{number}/top_logprobs")
                yield Finding(code="repeated", expected=expected, received=received, at=place)
    if not seen:
        raise AbsentError("no two tokens in a row have alternatives")


def _is_another(entry: Json, before: Json, others: list[Json]) -> bool:
    """Whether a token is neither the one before it nor among these alternatives."""
    token = get(entry, "token")
    return token != get(before, "token") and all(get(other, "token") != token for other in others)


@requirement(
    "ANSWER-TOP-LOGPROBS-DISTINCT",
    Level.SHOULD,
    on=asked,
    cites=[contract("/components/schemas/TopLogprob"), incident("vllm-project/vllm#34875")],
)
def alternatives_differ(answered: Reply) -> Iterator[Finding]:
    """The alternatives to a token are different tokens: no two of them have the same text and the same bytes.

    Tokens that are a piece of a character are told apart by their bytes alone, and become one where they are decoded each by itself.
    """
    for pointer, others in _ranked(answered):
        told = [f"{show(get(other, 'token'))}, bytes {show(get(other, 'bytes'))}" for other in others]
        if twice := next((each for number, each in enumerate(told) if each in told[:number]), None):
            yield Finding(code="twice", expected="tokens that differ", received=f"twice {twice}", at=Place(pointer=pointer))
