"""Every exact deviation the reference server knows, one module for each area of requirements.

To add one, write a function in the module of the area and decorate it with `behaviour.defect`; there is no list to keep.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING

from conformance.errors import UnknownNameError
from conformance.reference.behaviour import REGISTRY, Defect

if TYPE_CHECKING:
    from collections.abc import Mapping

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

ALL: Mapping[str, Defect] = MappingProxyType(REGISTRY)
"""All defects by id, in the order of their modules."""


def named(name: str) -> Defect:
    """Find a defect by its id; raises `UnknownNameError`."""
    if name not in ALL:
        raise UnknownNameError("defect", name, tuple(ALL))
    return ALL[name]
