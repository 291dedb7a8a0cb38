"""A stream against the answer in one piece that the same request gets."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Area, Finding, Json, Level
from conformance.observation import AbsentError, UnmetError
from conformance.registry import contract, excluded, incident, requirement
from conformance.requirements.streaming.reading import ended
from conformance.strictjson import NotJsonError, get, is_integer, parse, show
from conformance.subjects.pair import Twins, twins
from conformance.subjects.reply import Choice


def _pairs(pair: Twins) -> list[tuple[Choice, Choice]]:
    """The choices of both by their index. Raises `UnmetError` when they cannot be compared."""
    ended(pair.streamed)
    streamed = {repr(choice.index): choice for choice in pair.streamed.choices}
    found = [(choice, streamed[repr(choice.index)]) for choice in pair.whole.choices if repr(choice.index) in streamed]
    if not found:
        raise UnmetError("whole and streamed answer have no choice in common")
    return found


def _calls(choice: Choice) -> list[str]:
    return [show(call.name) for call in choice.calls]


@requirement(
    "STREAM-SAME-TEXT",
    Level.SHOULD,
    on=twins,
    cites=[contract("/x-stream/same-as-whole"), incident("jundot/omlx#2492"), incident("ggml-org/llama.cpp#15007")],
)
def text_is_the_same(pair: Twins) -> Iterator[Finding]:
    """The text of a stream, put together, is the text of the answer in one piece: with its white space, its beginning and its end.

    Only differences that a model does not make are told. Where it said something else the second time, nothing can be compared.
    """
    greedy = get(pair.streamed.request, "temperature") == 0
    counted = _counted_alike(pair)
    compared = [
        (whole, streamed)
        for whole, streamed in _pairs(pair)
        if not _laid_out_anew(whole, streamed)
        and (_comparable(whole, streamed, greedy=greedy) or (counted and _one_stretch_apart(whole, streamed)))
    ]
    if not compared:
        raise UnmetError("the model said something else, or nothing")
    for whole, streamed in compared:
        if whole.text != streamed.text:
            yield Finding(code="text", expected=show(whole.text), received=show(streamed.text))


def _laid_out_anew(whole: Choice, streamed: Choice) -> bool:
    """Whether both texts are the same JSON with other white space around its parts: a model indents it once and not the next time."""
    if whole.text == streamed.text:
        return False
    try:
        one, other = (parse(choice.text).value for choice in (whole, streamed))
    except NotJsonError:
        return False
    return isinstance(one, dict | list) and one == other


def _comparable(whole: Choice, streamed: Choice, *, greedy: bool) -> bool:
    """Whether two texts are one text, or one text of which something was lost or doubled on the way."""
    one, other = "".join(whole.text.split()), "".join(streamed.text.split())
    if not one or whole.finish_reason != streamed.finish_reason:
        return False
    if other in (one, one + one):
        return True
    # A shorter text is a sign only where the model has no choice and both say that they came to their end by themselves.
    return greedy and whole.finish_reason == "stop" and (one.startswith(other) or one.endswith(other))


def _counted_alike(pair: Twins) -> bool:
    """Whether both answers tell the same number of tokens, none of them hidden ones: text that differs was then lost or doubled later."""
    told = [get(each.usage, "completion_tokens") for each in (pair.whole, pair.streamed)]
    hidden = [get(each.usage, "completion_tokens_details", "reasoning_tokens") for each in (pair.whole, pair.streamed)]
    return is_integer(told[0]) and told[0] == told[1] and all(not isinstance(each, int) or each == 0 for each in hidden)


def _one_stretch_apart(whole: Choice, streamed: Choice) -> bool:
    """Whether one text is the other but for a single stretch that it lacks.

    The stretch holds a word and a blank: within a word a model may choose another token, `13` for `1`, that costs as much.
    """
    shorter, longer = sorted((whole.text, streamed.text), key=len)
    alike = next((place for place, (one, other) in enumerate(zip(shorter, longer, strict=False)) if one != other), len(shorter))
    stretch = longer[alike : alike + len(longer) - len(shorter)]
    return bool(shorter) and longer.endswith(shorter[alike:]) and bool(stretch.strip()) and any(map(str.isspace, stretch))


@requirement(
    "STREAM-SAME-FINISH",
    Level.SHOULD,
    on=twins,
    cites=[contract("/x-stream/same-as-whole"), incident("vllm-project/vllm#9209"), incident("Blaizzy/mlx-vlm#1014")],
)
def finish_reason_is_the_same(pair: Twins) -> Iterator[Finding]:
    """A stream ends for the same reason as the answer in one piece, where both say and call the same."""
    compared = [
        (whole, streamed)
        for whole, streamed in _pairs(pair)
        if isinstance(streamed.finish_reason, str) and whole.text == streamed.text and _calls(whole) == _calls(streamed)
    ]
    if not compared:
        raise UnmetError("the model said something else")
    for whole, streamed in compared:
        if whole.finish_reason != streamed.finish_reason:
            yield Finding(code="finish", expected=show(whole.finish_reason), received=show(streamed.finish_reason))


@requirement(
    "STREAM-SAME-CALLS",
    Level.SHOULD,
    on=twins.needing("tools"),
    cites=[contract("/x-stream/same-as-whole"), incident("vllm-project/vllm#36360"), incident("vllm-project/vllm#10395")],
)
def calls_are_the_same(pair: Twins) -> Iterator[Finding]:
    """The calls of a stream are those of the answer in one piece: none is made twice, and no argument loses its white space.

    Only differences that a model does not make are told. Where it called something else the second time, nothing can be compared.
    """
    compared = [(whole, streamed) for whole, streamed in _pairs(pair) if whole.calls and streamed.calls]
    if not compared:
        raise UnmetError("the model called nothing, or not both times")
    for whole, streamed in compared:
        once, again = _made(whole), _made(streamed)
        if len(again) == 2 * len(once) and len(set(again)) == len(set(once)) == len(once):
            yield Finding(code="twice", expected=show(once[0][0]), received=", ".join(show(name) for name, _ in again))
        elif [_squeezed(call) for call in once] == [_squeezed(call) for call in again] and _read(once) != _read(again):
            yield Finding(code="arguments", expected=show(once[0][1]), received=show(again[0][1]))


def _made(choice: Choice) -> list[tuple[str, str]]:
    """Name and arguments of each call."""
    return [(show(call.name), call.arguments if isinstance(call.arguments, str) else "") for call in choice.calls]


def _squeezed(call: tuple[str, str]) -> tuple[str, str]:
    return call[0], "".join(call[1].split())


def _read(calls: list[tuple[str, str]]) -> list[Json]:
    """The arguments as values: white space between members is nothing, within strings it is something."""
    read: list[Json] = []
    for _, arguments in calls:
        try:
            read.append(parse(arguments).value)
        except NotJsonError:
            read.append(None)
    return read


@requirement(
    "STREAM-SAME-LOGPROBS",
    Level.SHOULD,
    on=twins.needing("logprobs"),
    cites=[contract("/x-stream/same-as-whole"), incident("vllm-project/vllm#8625")],
)
def logprobs_are_as_many(pair: Twins) -> Iterator[Finding]:
    """A stream gives log probabilities for as many tokens as the answer in one piece does, for the same text; one may end it."""
    pairs = list(_pairs(pair))
    if not any(choice.logprobs for each in pairs for choice in each):
        raise AbsentError("there are no log probabilities")
    compared = [
        (whole, streamed)
        for whole, streamed in pairs
        if whole.logprobs and streamed.logprobs and whole.text == streamed.text and whole.finish_reason == streamed.finish_reason
    ]
    if not compared:
        raise UnmetError("there are no log probabilities for the same text twice")
    for whole, streamed in compared:
        if abs(len(whole.logprobs) - len(streamed.logprobs)) > 1:
            yield Finding(code="count", expected=f"{len(whole.logprobs)} tokens", received=f"{len(streamed.logprobs)} tokens")


excluded(
    "a refusal is told as a refusal whether it is streamed or not",
    because="no question makes every model refuse; that what is streamed as refusal is text is STREAM-CONTENT",
    area=Area.STREAMING,
)

excluded(
    "a finish_reason is the one that the model behind a gateway gave, and none is made up for a stream that broke off there",
    because="it takes a server behind that can be made to fail in mid-stream; what a gateway makes up looks like the real thing",
    area=Area.STREAMING,
    incidents=["ohdearquant/lattice#933"],
)

excluded(
    "beside a call nothing is said that is in its arguments",
    because="a model may say in words what it calls a tool with; arguments as they are written are ANSWER-CALL-NOT-IN-TEXT",
    area=Area.STREAMING,
    incidents=["youssofal/MTPLX#249"],
)
