"""The reference server: without a socket, and as a process of its own with every defect beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.contract import Contract, load
from conformance.reference.launch import Embedded, Options
from conformance.reference.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load("openai-compatible")


@pytest.fixture(scope="session")
def service(contract: Contract) -> Service:
    return Service(contract)


@pytest.fixture(scope="session")
def embedded() -> Iterator[Embedded]:
    with Embedded(Options(all_defects=True, pace=0.02)) as server:
        yield server
