"""Whether a body that the schema admits also makes sense: names what is there, and each thing once.

No schema can say that the tool which is named has to be on offer. The contract does not call such a body wrong, and nobody can say what
a right answer to it would be, so none is sent as a valid request.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Json, Missing
from conformance.strictjson import get, items

_KINDS = ("function", "custom")


def sensible(body: Json) -> bool:
    """Whether every tool has a name of its own, every one that is named is offered, and there are tools where one is to be chosen."""
    offered = [name for tool in items(body, "tools") for name in _names(tool)] + [get(each, "name") for each in items(body, "functions")]
    if "" in offered or len(set(map(repr, offered))) < len(offered):
        return False
    chosen = [*_names(get(body, "tool_choice")), *_allowed(body), *_legacy(body)]
    choosing = get(body, "tool_choice") not in (MISSING, None)
    return all(name in offered for name in chosen) and (bool(offered) or not choosing)


def _names(tool: Json | Missing) -> Iterator[Json | Missing]:
    yield from (get(tool, kind, "name") for kind in _KINDS if get(tool, "type") == kind)


def _allowed(body: Json) -> Iterator[Json | Missing]:
    tools = items(body, "tool_choice", "allowed_tools", "tools")
    if get(body, "tool_choice", "type") == "allowed_tools" and not tools:
        yield MISSING
    for tool in tools:
        yield from _names(tool)


def _legacy(body: Json) -> Iterator[Json | Missing]:
    if isinstance(get(body, "function_call"), dict):
        yield get(body, "function_call", "name")
