"""Defects in the counting of tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import COMPLETION, Call, defect

if TYPE_CHECKING:
    from conformance.reference.completion import Completion


@defect("total-wrong", seam=COMPLETION, trips={"USAGE-TOTAL"}, incident="mozilla-ai/any-llm#1290")
def total_wrong(completion: Completion, _: Call) -> Completion:
    """The total is one more than the sum."""
    return replace(completion, usage=replace(completion.usage, total=completion.usage.total + 1))
