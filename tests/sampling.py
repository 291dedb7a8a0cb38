"""How much of a long list the everyday tests go through; all of it is for `nox -s exhaustive`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(values: Iterable[Any], *, every: int) -> list[Any]:
    """Parameters of a test: the first of each `every` values as they are, the others marked `exhaustive`."""
    return [each if number % every == 0 else pytest.param(each, marks=pytest.mark.exhaustive) for number, each in enumerate(values)]
