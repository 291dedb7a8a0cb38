"""Applies an OpenAPI Overlay 1.0.0 document: an ordered list of changes, each to whatever a JSONPath (RFC 9535) selects.

Two things are stricter than the specification (https://spec.openapis.org/overlay/v1.0.0). A target that selects nothing is an error,
since it means that the contract has moved on under the overlay. So is a key that nobody knows, unless it begins with `x-`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final, cast

from conformance.errors import OverlayError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonpath import JSONPathMatch

    from conformance.model import Json

_DOCUMENT_KEYS: Final = frozenset({"overlay", "info", "extends", "actions"})
_ACTION_KEYS: Final = frozenset({"target", "description", "update", "remove"})


def apply(document: Mapping[str, Json], overlay: Mapping[str, Json], name: str) -> dict[str, Json]:
    """Return a changed copy of `document`; neither argument is touched. `name` is what errors call the overlay.

    Raises `OverlayError` with the number of the action, from 1, and its target; number 0 stands for the overlay as a whole.
    """
    result = copy.deepcopy(dict(document))
    for number, action in enumerate(_actions(overlay, name), start=1):
        target, change = _checked(action, name, number)
        for match in _matches(target, result, name, number):
            if match.parent is None:
                result = _on_root(result, change, name, number)
            else:
                _on_member(match.parent.obj, match.parts[-1], change, name, number)
    return result


class _Remove:
    """The change that takes its target away."""


def _actions(overlay: Mapping[str, Json], name: str) -> list[Json]:
    version, actions = overlay.get("overlay"), overlay.get("actions")
    if not isinstance(version, str) or not version.startswith("1.0."):
        raise _error(name, "it is not an Overlay 1.0 document.", hint="Begin it with `overlay: 1.0.0`.")
    if unknown := _unknown(overlay, _DOCUMENT_KEYS):
        raise _error(name, f"unknown key {unknown}.", hint="Keys of one's own begin with x-.")
    info = overlay.get("info")
    if not isinstance(info, dict) or not {"title", "version"} <= info.keys():
        raise _error(name, "its info lacks title or version.")
    if not isinstance(actions, list) or not actions:
        raise _error(name, "it has no actions.")
    return actions


def _checked(action: Json, name: str, number: int) -> tuple[str, Json | _Remove]:
    if not isinstance(action, dict) or not isinstance(target := action.get("target"), str):
        raise _error(name, "the action has no target.", number, hint="A target is a JSONPath such as $.components.schemas.Choice.")
    if unknown := _unknown(action, _ACTION_KEYS):
        raise _error(name, f"unknown key {unknown}.", number, target, hint="Keys of one's own begin with x-.")
    remove = action.get("remove", False)
    if not isinstance(remove, bool):
        raise _error(name, "remove has to be true or false.", number, target)
    if remove == ("update" in action):
        raise _error(name, "an action has either `update` or `remove: true`.", number, target)
    return target, _Remove() if remove else action["update"]


def _matches(target: str, document: dict[str, Json], name: str, number: int) -> list[JSONPathMatch]:
    import jsonpath

    try:
        found = list(jsonpath.finditer(target, document, strict=True))
    except jsonpath.JSONPathError as error:
        raise _error(name, f"the target is no JSONPath: {' '.join(str(error).split())}", number, target) from error
    if not found:
        hint = "The contract has changed, or the path has a typing error. Names with a dash are written $['x-stream']."
        raise _error(name, "nothing in the contract matches.", number, target, hint=hint)
    # Each place once, and the last first: children before parents, and no removal moves what is still to be removed.
    return list({match.parts: match for match in found}.values())[::-1]


def _on_root(document: dict[str, Json], change: Json | _Remove, name: str, number: int) -> dict[str, Json]:
    if not isinstance(change, dict):
        raise _error(name, "the whole document can only be updated with an object.", number, "$")
    merged = _merged(document, change)
    assert isinstance(merged, dict)
    return merged


def _on_member(parent: object, key: int | str, change: Json | _Remove, name: str, number: int) -> None:
    match parent, key:
        case (dict(), str()) | (list(), int()):
            holder = cast("dict[int | str, Json]", parent)
        case _:
            raise AssertionError(f"nothing holds {key!r}")
    if isinstance(change, _Remove):
        del holder[key]
        return
    old = holder[key]
    match old, change:
        case dict(), dict():
            holder[key] = _merged(old, change)
        case list() as entries, _:
            holder[key] = [*entries, copy.deepcopy(change)]
        case dict(), _:
            raise _error(name, "an object can only be updated with an object.", number, str(key))
        case _:
            raise _error(name, "a target of `update` is an object or a list.", number, str(key), hint="Update the object that holds it.")


def _merged(old: Json, new: Json) -> Json:
    """Objects merge, member by member; lists join; anything else is replaced."""
    match old, new:
        case dict(), dict():
            return old | {key: _merged(old[key], value) if key in old else copy.deepcopy(value) for key, value in new.items()}
        case list(), list():
            return [*old, *copy.deepcopy(new)]
        case _:
            return copy.deepcopy(new)


def _unknown(value: Mapping[str, Json], known: frozenset[str]) -> str:
    return ", ".join(sorted(repr(key) for key in value if key not in known and not key.startswith("x-")))


def _error(name: str, message: str, number: int = 0, target: str = "", hint: str = "") -> OverlayError:
    return OverlayError(message, overlay=name, action=number, target=target or "the whole overlay", hint=hint)
