"""Places of the contract that no run brings about on purpose, and why: what is not tested, told place by place."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from conformance.contract import documents, folder
from conformance.errors import ContractError
from conformance.strictjson import get, items

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE: Final = "untried.yaml"
"""Beside the contract."""

_BELOW: Final = (".", "[", "<", "=")
"""What the path of a place goes on with below another place."""


@cache
def reasons() -> Mapping[str, str]:
    """Reasons by place; each stands for everything below the place. Raises `ContractError` for a file that says otherwise."""
    found: dict[str, str] = {}
    path = folder() / FILE
    for group in items(documents.read(path), "untried"):
        because, places = get(group, "because"), items(group, "places")
        for place in places:
            if not isinstance(because, str) or not isinstance(place, str):
                raise ContractError(f"{path} has an entry without a reason, or a place that is no text: {place}.")
            if place in found:
                raise ContractError(f"{path} names the place {place} twice.")
            found[place] = because
    return found


def reason(path: str) -> str:
    """Why a place is not tried; empty for one that is."""
    return next((why for place, why in reasons().items() if path == place or path.startswith(tuple(place + sign for sign in _BELOW))), "")
