"""A reading of the contract as a flat list of places and what it says about each, so that two readings can be laid side by side.

A place in a message is written as its path: `answer.choices[].message.content`. `messages[]<user>` is the alternative whose tag is
`user`, `{}` any member that is not named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from conformance.contract import Contract
from conformance.contract.lint import CLAUSES
from conformance.contract.schemas import Schema, resolve
from conformance.contract.shape import TYPES, Alternative, alternatives, children, compact, values
from conformance.model import Json
from conformance.strictjson import get, items, members


class Group(StrEnum):
    """Part of a reading, in the order in which parts are told."""

    REQUEST = "request"
    ANSWER = "answer"
    STREAM = "stream"
    USAGE = "usage"
    ERRORS = "errors"
    STATUSES = "statuses"
    RULES = "rules"
    CLAUSES = "clauses"
    LEVELS = "levels"
    FEATURES = "features"
    OTHER = "other"


Said = str | frozenset[str] | bool
"""What is said about one aspect: words, a set of words, or yes."""
Aspects = dict[str, Said]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Something that a reading says something about."""

    group: Group
    path: str


Outline = dict[Place, Aspects]
Texts = dict[Place, str]
"""What the contract says of places in prose."""

ROOTS: Final = {
    Group.REQUEST: Schema.REQUEST,
    Group.ANSWER: Schema.RESPONSE,
    Group.STREAM: Schema.CHUNK,
    Group.USAGE: Schema.USAGE,
    Group.ERRORS: Schema.ERROR,
}
_ROOT_POINTERS: Final = frozenset(f"/components/schemas/{name}" for name in ROOTS.values())
_STRUCTURE: Final = frozenset({"type", "enum", "const", "properties", "required", "items", "x-level", "deprecated"})
_TOLD_ELSEWHERE: Final = frozenset({"info", "openapi", "tags", "paths", "components", "x-sources", "x-features", "x-dialect"}) | {*CLAUSES}
OPERATION: Final = ("paths", "/chat/completions", "post")
"""Path to the one operation of the contract."""


def outlines(a: Contract, b: Contract) -> tuple[Outline, Outline]:
    """List the places of two readings by the same paths, also where one has a union and the other a single kind of object."""
    tagged: frozenset[Place] = frozenset()
    while True:
        both = outline(a, tagged), outline(b, tagged)
        found = {Place(place.group, place.path.rpartition("<")[0]) for each in both for place in each if place.path.endswith(">")}
        if found <= tagged:
            return both
        tagged |= found


def outline(contract: Contract, tagged: frozenset[Place] = frozenset(), texts: Texts | None = None) -> Outline:
    """List every place of a reading with what is said about it, each after the one it lies in.

    Descriptions and sources are left out: they bind nobody. Descriptions go into `texts`, if that is given.
    Objects are told apart by tag where there are several at a place, and at the places in `tagged`.
    """
    document = contract.document
    found: Outline = {}
    said = {} if texts is None else texts
    for group, component in ROOTS.items():
        pointer = f"/components/schemas/{component}"
        root = Place(group, str(group))
        schema: Json = {"$ref": f"#{pointer}"}
        said[root] = _description(document, schema)
        _walk(found, said, document, root, alternatives(document, schema), _ROOT_POINTERS - {pointer}, tagged)
    _statuses(found, said, document)
    for part in CLAUSES:
        group = Group.RULES if part == "x-dependencies" else Group.CLAUSES
        found.update({Place(group, f"{part}/{name}"): _clause(each) for name, each in members(document, part).items()})
    for name, change in contract.levels.items():
        found[Place(Group.LEVELS, name)] = {"level": f"{change.level} ({change.because})"}
    for name, feature in contract.features.items():
        declared: Aspects = {"text": feature.text, "fields": frozenset(feature.fields)}
        found[Place(Group.FEATURES, name)] = declared | {"claimed": name in contract.claims, "denied": name in contract.denies}
    for name, value in document.items():
        if name not in _TOLD_ELSEWHERE:
            found[Place(Group.OTHER, name)] = {"content": compact(value)}
    return found


def merged(arms: Iterable[Alternative]) -> Aspects:
    """Say in aspects what holds for a value at a place, whichever alternative it is."""
    every = tuple(arms)
    kinds = {kind for arm in every for kind in _kinds(arm)}
    kind = "any" if "any" in kinds else ", ".join(sorted(kinds - {"null"}, key=TYPES.index))
    deprecated = {bool(arm.schema.get("deprecated")) for arm in every if arm.types != ("null",)} == {True}
    aspects: Aspects = {"type": kind, "nullable": "null" in kinds or kind == "any", "deprecated": deprecated}
    if listed := _listed(every):
        aspects["values"] = listed
    return aspects | _bounds(every)


def _kinds(arm: Alternative) -> tuple[str, ...]:
    return arm.types or ("any",)


def _listed(arms: Iterable[Alternative]) -> frozenset[str]:
    """The values that there are, null apart; none where some alternative leaves others of their types open."""
    listed: set[str] = set()
    listed_types: set[str] = set()
    free: set[str] = set()
    for arm in arms:
        allowed = values(arm.schema)
        if allowed is None:
            free.update(_kinds(arm))
        else:
            listed |= {compact(value) for value in allowed if value is not None}
            listed_types.update(arm.types)
    return frozenset() if "any" in free or (listed_types - {"null"}) & free else frozenset(listed)


def _bounds(arms: Iterable[Alternative]) -> Aspects:
    """Whatever else is said of a value, by keyword; the alternatives in one aspect."""
    said: dict[str, set[str]] = {}
    for arm in arms:
        for keyword, bound in arm.schema.items():
            if keyword in ("anyOf", "oneOf"):
                said.setdefault("needs", set()).add(" or ".join(_condition(each) for each in items(bound)))
            elif keyword not in _STRUCTURE and not (keyword == "additionalProperties" and isinstance(bound, dict)):
                said.setdefault(keyword, set()).add(bound if isinstance(bound, str) else compact(bound))
        for keyword, level in members(arm.schema, "x-level").items():
            said.setdefault(f"level of {keyword}", set()).add(str(level))
    return {keyword: " or ".join(sorted(bounds)) for keyword, bounds in said.items()}


def _condition(arm: Json) -> str:
    """Say a condition on an object in words, if it only asks for members of certain types."""
    names, kinds = [str(name) for name in items(arm, "required")], members(arm, "properties")
    types = {name: get(kind, "type") for name, kind in kinds.items() if isinstance(kind, dict) and kind.keys() == {"type"}}
    if not names or types.keys() != kinds.keys() or not {"required", "properties"} >= members(arm).keys():
        return compact(arm)
    return " and ".join(f"{name} ({types[name]})" if name in types else name for name in names)


def _walk(
    found: Outline, texts: Texts, document: Json, place: Place, arms: tuple[Alternative, ...], seen: frozenset[str], split: frozenset[Place]
) -> None:
    found.setdefault(place, {}).update(merged(arms))
    objects = [arm for arm in arms if "properties" in arm.schema or "items" in arm.schema or "additionalProperties" in arm.schema]
    tagged = place in split or sum("properties" in arm.schema for arm in objects) > 1
    by_path: dict[str, list[Alternative]] = {}
    for arm in objects:
        by_path.setdefault(f"<{arm.tag}>" if tagged and arm.tag else "", []).append(arm)
    for suffix, same in by_path.items():
        here = Place(place.group, place.path + suffix)
        if suffix:
            found[here] = merged(same)
        for step, (schemas, required) in _below(same).items():
            below = Place(place.group, here.path + (step if step in ("[]", "{}") else f".{step}"))
            found[below] = {"required": required}
            texts[below] = next(filter(None, (_description(document, schema) for schema in schemas)), "")
            via = seen.union(*(arm.via for arm in same))
            arms_below = tuple(each for schema in schemas for each in alternatives(document, schema))
            again = any(each.via & via for each in arms_below)
            if again:
                known = sorted(name.rpartition("/")[2] for each in arms_below for name in each.via & via)
                found[below] |= merged(arms_below) | {"again": ", ".join(known)}
            else:
                _walk(found, texts, document, below, arms_below, via, split)


def _below(arms: list[Alternative]) -> dict[str, tuple[list[Json], bool]]:
    """Group what alternatives say about the places below; a member is required when it is in all that could hold it."""
    schemas: dict[str, list[Json]] = {}
    required: dict[str, int] = {}
    for arm in arms:
        for child in children(arm):
            if child.schema not in schemas.setdefault(child.step, []):
                schemas[child.step].append(child.schema)
            required[child.step] = required.get(child.step, 0) + child.required
    return {step: (each, required[step] == len(arms)) for step, each in schemas.items()}


def _description(document: Json, schema: Json) -> str:
    """What a schema says of itself in prose, or what the one says that it refers to."""
    described = [get(each, "description") for each in (schema, followed(document, schema))]
    return next((" ".join(text.split()) for text in described if isinstance(text, str)), "")


def _statuses(found: Outline, texts: Texts, document: dict[str, Json]) -> None:
    for status, answer in members(document, *OPERATION, "responses").items():
        response = followed(document, answer)
        place = Place(Group.STATUSES, status)
        found[place] = {}
        texts[place] = _description(document, answer)
        for name, header in members(response, "headers").items():
            below = Place(Group.STATUSES, f"{status}.headers.{name}")
            texts[below] = _description(document, header)
            arms = alternatives(document, get(followed(document, header), "schema"))
            _walk(found, texts, document, below, arms, frozenset(), frozenset())
            found[below]["required"] = bool(get(followed(document, header), "required"))
        for media, body in members(response, "content").items():
            arms = alternatives(document, get(body, "schema"))
            roots = sorted(root.rpartition("/")[2] for arm in arms for root in arm.via & _ROOT_POINTERS)
            if roots:
                found[place][media] = ", ".join(dict.fromkeys(roots))
            else:
                _walk(found, texts, document, Place(Group.STATUSES, f"{status}.{media}"), arms, _ROOT_POINTERS, frozenset())


def _clause(clause: Json) -> Aspects:
    said: Aspects = {}
    for name, value in members(clause).items():
        if name == "source":
            continue
        strings = items(value)
        if strings and all(isinstance(each, str) for each in strings):
            said[name] = frozenset(str(each) or "the body" for each in strings)
        else:
            said[name] = value if isinstance(value, str) else compact(value)
    return said


def followed(document: Json, value: Json) -> Json:
    """Follow the reference that stands in place of a value, if one does."""
    reference = get(value, "$ref")
    return resolve(document, reference.removeprefix("#")) if isinstance(reference, str) else value
