"""Which codes a requirement can find: what a baseline may pin.

Codes are not declared. Most stand as literals in the function of the requirement or in one that it calls, and are read out of the source.
The others name what was sent: a legal value that was turned down, a broken constraint that was let through. Those are the ones of all
requests that the requirement covers, in any tier. Where a code is put together from what cannot be known beforehand, its form is known.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from jsonschema import Draft202012Validator

from conformance import plan
from conformance.ask import Ask
from conformance.model import CAP_FIELDS, Expectation, Purpose, Tier

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.registry import Catalogue, Requirement

_CHECKS: Final = "conformance.requirements"
_Form: TypeAlias = str | re.Pattern[str] | None
"""A code; the form of one; or None where the source does not tell."""

_WORD: Final = r"\S+"
_KEYWORD: Final = re.compile("|".join(sorted(re.escape(name) for name in Draft202012Validator.VALIDATORS)))

_FORMS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "ANSWER-CLAIM-HONOURED": re.compile(r"[a-z]+(-[a-z0-9]+)+"),  # the id of a requirement, in lower case
        "ANSWER-HEADERS": re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"),  # the name of a header
        "ANSWER-STATUS": re.compile(r"2\d\d"),
    }
)
"""Codes that are neither written down nor names of requests."""


class Known:
    """The codes that there are, in one reading of the contract."""

    def __init__(self, contract: Contract, catalogue: Catalogue) -> None:
        self._contract = contract
        self._catalogue = catalogue

    def has(self, requirement: Requirement, code: str) -> bool:
        """Whether a requirement can find a code."""
        if is_written(requirement, code):
            return True
        return None in written(requirement) and any(code in named(requirement, sent) for sent in self._sent())

    def listed(self, requirement: Requirement) -> tuple[str, ...]:
        """Every code of a requirement that can be spelt out, sorted."""
        forms = written(requirement)
        generated = (named(requirement, sent) for sent in self._sent()) if None in forms else ()
        return tuple(sorted({form for form in forms if isinstance(form, str)}.union(*generated)))

    def _sent(self) -> Iterator[tuple[Purpose, ...]]:
        """All requests of the largest tier, by each name of the cap: which constraints are core ones depends on it."""
        yield self._first
        yield self._second

    @cached_property
    def _first(self) -> tuple[Purpose, ...]:
        return self._plan(CAP_FIELDS[0])

    @cached_property
    def _second(self) -> tuple[Purpose, ...]:
        return self._plan(CAP_FIELDS[1])

    def _plan(self, cap_field: str) -> tuple[Purpose, ...]:
        ask = Ask(contract=self._contract, model="model", cap_field=cap_field, seed=1, tier=Tier.FULL, scenario="")
        steps = plan.build(self._catalogue, self._catalogue.requirements, ask, denies=frozenset())
        return tuple(step.purpose for step in steps.every)


def is_written(requirement: Requirement, code: str) -> bool:
    """Whether the source of a requirement gives a code, or its form."""
    return any(form.fullmatch(code) if isinstance(form, re.Pattern) else form == code for form in written(requirement))


def is_asked(requirement: Requirement, code: str, purposes: Iterable[Purpose]) -> bool:
    """Whether a code could have been found by a run that planned these requests; one that names no request always could."""
    return not code or is_written(requirement, code) or code in named(requirement, purposes)


def named(requirement: Requirement, purposes: Iterable[Purpose]) -> frozenset[str]:
    """Codes that name what is wrong with a request, the one legal value in it, or where there is neither the request itself."""
    covered = [purpose for purpose in purposes if requirement.on.covers(_binding(purpose))]
    about = {name for purpose in covered if (name := _about(purpose))}
    return frozenset(about or (purpose.key.rpartition("/")[2] for purpose in covered))


def _binding(purpose: Purpose) -> Purpose:
    """The request as one that must be refused where it may be: a view sees those as well, though it does not count on them."""
    return replace(purpose, expect=Expectation.REFUSED) if purpose.expect is Expectation.EITHER else purpose


def _about(purpose: Purpose) -> str:
    if purpose.violation is None:
        return purpose.samples[0].slug if len(purpose.samples) == 1 else ""
    _, _, name = purpose.key.partition("/")
    stem, _, number = name.rpartition("/")
    return "" if purpose.twin else stem if number.isdigit() else name


@cache
def written(requirement: Requirement) -> frozenset[_Form]:
    """The codes in the source of a requirement."""
    assert isinstance(requirement.judge, FunctionType)
    found = _Function.of(requirement.judge, {}).codes(set())
    form = _FORMS.get(requirement.id)
    return found if form is None else (found - {None}) | {form}


@dataclass(frozen=True)
class _Function:
    """A function of a requirement, with the forms of what it was called with."""

    itself: FunctionType
    tree: ast.FunctionDef
    given: Mapping[str, frozenset[_Form]]

    @classmethod
    def of(cls, itself: FunctionType, given: Mapping[str, frozenset[_Form]]) -> _Function:
        return cls(itself, _trees(itself.__module__)[itself.__name__], given)

    def codes(self, seen: set[tuple[object, ...]]) -> frozenset[_Form]:
        """The codes of its findings, and of those of the functions that it calls or hands on."""
        key = (self.itself, frozenset(self.given.items()))
        if key in seen:
            return frozenset()
        seen.add(key)
        found: set[_Form] = set()
        called = set()
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(func=ast.Name(id="Finding")):
                    found |= self._value(next(each.value for each in node.keywords if each.arg == "code"))
                case ast.Call(func=ast.Name(id=name)) if isinstance(other := self._other(name), FunctionType):
                    called.add(name)
                    parameters = [each.arg for each in _trees(other.__module__)[other.__name__].args.args]
                    given = dict(zip(parameters, map(self._value, node.args), strict=False))
                    given |= {each.arg: self._value(each.value) for each in node.keywords if each.arg}
                    found |= _Function.of(other, given).codes(seen)
                case _:
                    pass
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and node.id not in called and (other := self._other(node.id)):
                found |= _Function.of(other, {}).codes(seen)
        return frozenset(found)

    def _other(self, name: str) -> FunctionType | None:
        found = self.itself.__globals__.get(name)
        if isinstance(found, FunctionType) and found.__module__.startswith(_CHECKS) and found.__name__ in _trees(found.__module__):
            return found
        return None

    def _value(self, node: ast.expr) -> frozenset[_Form]:
        """Forms that an expression may have."""
        match node:
            case ast.Constant(value=str() as text):
                return frozenset({text})
            case ast.IfExp():
                return self._value(node.body) | self._value(node.orelse)
            case ast.JoinedStr():
                return self._joined(node)
            case ast.Call(func=ast.Name(id="str"), args=[inner]):
                return self._value(inner)
            case ast.Attribute(attr="keyword"):  # of a fault in a schema
                return frozenset({_KEYWORD})
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                constant = getattr(self.itself.__globals__.get(name), attribute, None)
                return frozenset({str(constant) if isinstance(constant, str) else None})
            case ast.Name(id=name):
                return self._name(name)
            case _:
                return frozenset({None})

    def _joined(self, node: ast.JoinedStr) -> frozenset[_Form]:
        parts = [self._value(part.value if isinstance(part, ast.FormattedValue) else part) for part in node.values]
        return frozenset(_joined(each) for each in product(*parts))

    def _name(self, name: str) -> frozenset[_Form]:
        """Forms of whatever a name is given in the function, its parameters included, or in its module."""
        if name in self.given:
            return self.given[name]
        found: set[_Form] = set()
        for node in ast.walk(self.tree):
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                    found |= self._value(value)
                case ast.For(target=target, iter=over) | ast.comprehension(target=target, iter=over):
                    found |= self._looped(name, target, over)
                case _:
                    pass
        constant = self.itself.__globals__.get(name)
        if not found and isinstance(constant, str):
            return frozenset({constant})
        return frozenset(found or {None})

    def _looped(self, name: str, target: ast.expr, over: ast.expr) -> frozenset[_Form]:
        """Forms of a name that a loop gives values to: those of a tuple in the source, or the keys of a constant of the module."""
        match target, over:
            case ast.Name(id=each), ast.Tuple(elts=values) if each == name:
                return frozenset().union(*map(self._value, values))
            case ast.Tuple(elts=[ast.Name(id=each), _]), ast.Call(func=ast.Attribute(value=ast.Name(id=table))) if each == name:
                keys = self.itself.__globals__.get(table)
                return frozenset(keys) if isinstance(keys, Mapping) else frozenset({None})
            case ast.Tuple(elts=names), ast.Tuple(elts=values) if name in (places := _names(names)):
                rows = [value.elts for value in values if isinstance(value, ast.Tuple)]
                return frozenset().union(*(self._value(row[places.index(name)]) for row in rows))
            case ast.Tuple(elts=names), _ if name in _names(names):
                return frozenset({None})
            case _:
                return frozenset({None} if name in _names([target]) else ())


def _joined(parts: Iterable[_Form]) -> _Form:
    """A code in several parts; what is not known of it is any word."""
    known = tuple(parts)
    if all(isinstance(part, str) for part in known):
        return "".join(str(part) for part in known)
    forms = (re.escape(part) if isinstance(part, str) else f"({part.pattern})" if part else _WORD for part in known)
    return re.compile("".join(forms))


def _names(targets: list[ast.expr]) -> list[str]:
    return [each.id if isinstance(each, ast.Name) else "" for each in targets]


@cache
def _trees(module: str) -> Mapping[str, ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
