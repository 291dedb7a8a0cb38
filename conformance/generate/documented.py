"""Legal values that the schemas of the contract single out: bounds, words of a vocabulary, lengths, defaults, null."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from conformance.generate.samples import Ring, Value
from conformance.model import Json, Sample, SampleKind
from conformance.strictjson import get, show

if TYPE_CHECKING:
    from conformance.contract import Contract

_SHOWN: Final = 60

_APART: Final[dict[str, str]] = {
    "model": "every request has one",
    "messages": "said by hand, in `turns.py`",
    "n": "128 answers are dear; 1 is asked for as the default",
    "stream": "streams are scenarios of their own",
    "seed": "its bounds are those of an integer in most machines, and bind nobody",
    "reasoning_effort": "each model knows some of the words, and thinking is dear",
    "tool_choice": "said by hand, beside tools",
    "functions": "asked about in the history alone",
    "function_call": "asked about in the history alone",
}
"""Members of which no bound and no word is asked for, and why."""

_SPARED: Final[dict[str, str]] = {
    "service_tier/flex": "slower, for accounts that have it",
    "service_tier/scale": "for accounts that bought it",
    "service_tier/priority": "dearer",
    "service_tier/fast": "dearer",
    "prompt_cache_retention/24h": "keeps data",
    "max_tokens/minimum": "some models refuse so little room",
    "max_completion_tokens/minimum": "some models refuse so little room",
}
"""Single values that are not asked for, and why."""

_COMPANIONS: Final[dict[str, dict[str, Json]]] = {"top_logprobs": {"logprobs": True}}
"""What a member means nothing without (`x-dependencies`)."""

_COMMON: Final = frozenset(
    {"temperature", "top_p", "frequency_penalty", "presence_penalty", "stop", "logit_bias", "logprobs", "top_logprobs", "user"}
)
_NEUTRAL: Final = frozenset({"temperature", "top_p", "frequency_penalty", "presence_penalty", "n"})
"""Members that clients send at their default with every request."""

_TEXTS: Final = {"user": "someone", "prompt_cache_key": "a key"}
"""Members that are free text, and a text for each."""


def documented(contract: Contract) -> tuple[Value, ...]:
    """Every such value of a top-level member, in the order of the contract."""
    members = contract.at("/components/schemas/CreateChatCompletionRequest/properties")
    assert isinstance(members, dict)
    found: dict[str, Value] = {}
    for name, schema in members.items():
        for each in _member(contract, name, schema):
            found.setdefault(each.sample.slug, each)
    return tuple(each for slug, each in found.items() if slug not in _SPARED)


def _member(contract: Contract, name: str, schema: Json) -> Iterable[Value]:
    arms = _arms(contract, schema)
    if any(arm.get("type") == "null" or "null" in _types(arm) or None in _words(arm) for arm in arms) and name not in {"model", "messages"}:
        yield _value(contract, name, "null", SampleKind.NULL, None, "null")
    if name in _NEUTRAL:
        yield from (_value(contract, name, "default", SampleKind.NEUTRAL, at, "at its default") for arm in arms for at in _default(arm))
    if name in _APART:
        return
    if name in _TEXTS:
        kind = SampleKind.NEUTRAL if name == "user" else SampleKind.FORM
        yield _value(contract, name, "string", kind, _TEXTS[name], "a string")
    for arm in arms:
        yield from _scalars(contract, name, arm)
        yield from _compounds(contract, name, arm)


def _scalars(contract: Contract, name: str, arm: dict[str, Json]) -> Iterable[Value]:
    types = _types(arm)
    for keyword in ("minimum", "maximum"):
        if isinstance(limit := arm.get(keyword), int | float):
            yield _value(contract, name, keyword, SampleKind.BOUND, limit, f"at its {keyword}")
    if "number" in types:
        yield _value(contract, name, "fraction", SampleKind.FORM, 0.5, "a fraction", gate=False)
    words = [word for word in _words(arm) if isinstance(word, str)]
    for number, word in enumerate(words):
        yield _value(contract, name, word, SampleKind.FORM, word, "the word", gate=number == 0)
    if "string" in types and isinstance(length := arm.get("maxLength"), int):
        yield _value(contract, name, "length", SampleKind.BOUND, "a" * length, f"{length} characters long")
    if "boolean" in types and name in {"logprobs", "store"}:
        yield _value(contract, name, "false", SampleKind.FORM, False, "false")  # noqa: FBT003
    if name == "stop" and "string" in types:
        yield _value(contract, name, "string", SampleKind.FORM, "#END#", "a string")


def _compounds(contract: Contract, name: str, arm: dict[str, Json]) -> Iterable[Value]:
    if name == "stop" and "items" in arm and isinstance(most := arm.get("maxItems", 4), int):
        yield _value(contract, name, "list", SampleKind.FORM, ["#END#"], "a list of one")
        texts: list[Json] = ["\n\n\n", "终", "🛑", "####", *["#END#"] * most]
        yield _value(contract, name, "items", SampleKind.BOUND, texts[:most], f"a list of {most}")
    if name == "logit_bias":
        yield _value(contract, name, "empty", SampleKind.FORM, {}, "empty")
        for keyword in ("minimum", "maximum"):
            limit = get(arm, "additionalProperties", keyword)
            if isinstance(limit, int):
                yield _value(contract, name, keyword, SampleKind.BOUND, {"1000": limit}, f"with a bias at its {keyword}")
    if name == "metadata" and isinstance(most := arm.get("maxProperties"), int):
        pairs: dict[str, Json] = {f"key-{number}": "v" for number in range(most - 1)}
        pairs["k" * 64] = "v" * 512
        yield _value(contract, name, "items", SampleKind.BOUND, pairs, f"of {most} pairs, one of them as long as may be")


def _value(contract: Contract, name: str, slug: str, kind: SampleKind, at: Json, said: str, *, gate: bool = True) -> Value:
    companions = _COMPANIONS.get(name, {}) if at is not None else {}
    needs = frozenset({"null-fields"}) if at is None else _needs(contract, name, at)
    shown = "" if said in {"null", "false", "empty"} else f", {show(at, _SHOWN)}"
    return Value(
        sample=Sample(slug=f"{name}/{slug}", kind=kind, pointer=f"/{name}", text=f"{name} {said}{shown}", needs=needs),
        ring=Ring.PARAMETERS if at is None or name in _COMMON | _NEUTRAL else Ring.RARE,
        put={**companions, name: at},
        gate=gate,
    )


def _needs(contract: Contract, name: str, at: Json) -> frozenset[str]:
    """The feature that a member belongs to. Saying no to it needs nothing."""
    if at is False or name == "modalities":
        return frozenset()
    return frozenset(key for key, each in contract.features.items() if name in each.fields and "messages" not in each.fields)


def _arms(contract: Contract, schema: Json) -> list[dict[str, Json]]:
    """The schemas of which a value may fit any one, references followed."""
    if not isinstance(schema, dict):
        return []
    if isinstance(reference := schema.get("$ref"), str):
        return _arms(contract, contract.at(reference.removeprefix("#")))
    for union in ("anyOf", "oneOf"):
        if isinstance(options := schema.get(union), list):
            return [arm for option in options for arm in _arms(contract, option)]
    return [schema]


def _types(arm: dict[str, Json]) -> list[Json]:
    kinds = arm.get("type")
    return kinds if isinstance(kinds, list) else [kinds]


def _words(arm: dict[str, Json]) -> list[Json]:
    words = arm.get("enum")
    return words if isinstance(words, list) else []


def _default(arm: dict[str, Json]) -> tuple[Json, ...]:
    """The default, unless it is a bound: then it is asked for as that."""
    at = arm.get("default")
    return () if at is None or at == arm.get("maximum") else (at,)
