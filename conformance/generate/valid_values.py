"""Valid values of single members, derived by schemathesis from the schemas: each type, each bound, each word of a vocabulary.

Whole valid bodies of schemathesis are valid and absurd; its values for one member, set on a conversation that makes sense, are what
somebody might send. Members that cost more than tokens, or leave something behind, are left alone: nobody explores on that bill.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from conformance.generate.coverage import covered
from conformance.generate.mutants import canonical
from conformance.model import CAP_FIELDS, Json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.contract import Contract

_OWN: Final = frozenset({"model", "messages", "stream", "stream_options", "n", *CAP_FIELDS})
"""Members that whoever builds the body sets: who is asked, what, how, and how dear the answer is."""

_LASTING: Final = frozenset({"store", "prompt_cache_retention", "prompt_cache_options"})
_COSTLY: Final = frozenset({"service_tier", "web_search_options", "modalities", "audio", "prediction", "moderation"})
_SHOWN: Final = 4096
"""Longest value in characters: what is longer tests a limit on size first."""


@lru_cache(maxsize=4)
def valid_values(contract: Contract) -> Mapping[str, tuple[Json, ...]]:
    """Values by member, in an order that depends on nothing but the contract. Imports schemathesis; takes about a second."""
    found: dict[str, dict[str, Json]] = {}
    for body in _bodies(contract):
        for member, value in body.items():
            text = canonical(value)
            if member not in _OWN | _LASTING | _COSTLY and len(text) <= _SHOWN:
                found.setdefault(member, {})[text] = value
    return {member: tuple(values[text] for text in sorted(values)) for member, values in sorted(found.items())}


def _bodies(contract: Contract) -> Iterator[dict[str, Json]]:
    from schemathesis import GenerationMode

    return (case.body for case in covered(contract, GenerationMode.POSITIVE) if isinstance(case.body, dict))
