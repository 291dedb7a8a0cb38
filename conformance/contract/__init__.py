"""The contract in one reading: the base document with a chain of overlays applied, and what can be asked of it.

A reading (dialect) is named by the overlay that makes it. `openai` is the base document itself; every other overlay builds on the
dialect that its `x-extends` names, on `openai-compatible` when it names none.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from conformance.contract import documents, overlay
from conformance.contract.conversation_order import order_faults
from conformance.contract.schemas import Schema, SchemaFault, Validator, resolve
from conformance.errors import ClauseNotFoundError, ContractError, UnknownNameError
from conformance.model import Json, Level
from conformance.strictjson import get, items, members, show

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BASE", "DEFAULT", "Clause", "Contract", "Feature", "LevelChange", "Schema", "SchemaFault", "Source", "dialect_names", "load"]

BASE: Final = "openai"
"""The dialect that is the base document, to the letter."""
DEFAULT: Final = "openai-compatible"
_SUFFIX: Final = ".overlay.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a clause comes from: a document or a public thread."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One sentence of the contract that no schema can say."""

    text: str
    level: Level
    source: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChange:
    """What a dialect does to the level of a requirement, and why."""

    level: Level
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Something an endpoint may lack; `fields` are the request members that an honest refusal names."""

    text: str
    fields: tuple[str, ...]


class Contract:
    """One reading of the contract. Immutable; made by `load`."""

    def __init__(self, document: dict[str, Json], chain: tuple[str, ...]) -> None:
        self.document = document
        self.chain = chain
        """Dialects from the base to this one."""
        self._validators: dict[str, Validator] = {}

    @property
    def dialect(self) -> str:
        """Name of this reading."""
        return self.chain[-1]

    @property
    def revision(self) -> str:
        """Date of the base document."""
        return str(get(self.document, "info", "version"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole reading, in hexadecimal."""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def at(self, pointer: str) -> Json:
        """Return what a JSON Pointer (`/x-stream/terminator`) leads to. Raises `ClauseNotFoundError`."""
        try:
            return resolve(self.document, pointer)
        except LookupError:
            raise ClauseNotFoundError(pointer) from None

    def clause(self, pointer: str) -> Clause:
        """Read a clause in prose. Raises `ClauseNotFoundError`, also for a place that holds no clause."""
        value = self.at(pointer)
        text, level = get(value, "text"), get(value, "level")
        if not isinstance(text, str) or not isinstance(level, str):
            raise ClauseNotFoundError(pointer)
        return Clause(text=text, level=Level(level), source=tuple(self._source(str(key)) for key in items(value, "source")))

    def is_valid(self, schema: Schema, instance: Json) -> bool:
        """Whether a value fits a component."""
        return self._validator(schema).is_valid(instance)

    def faults(self, schema: Schema, instance: Json) -> tuple[SchemaFault, ...]:
        """Name everything about a value that does not fit a component; none exactly when it `is_valid`."""
        return self._validator(schema).faults(instance)

    def request_faults(self, body: Json) -> tuple[SchemaFault, ...]:
        """Name every clause that a request body breaks: the schema, the rules between members, the order of tool messages."""
        return (*self.faults(Schema.REQUEST, body), *self._dependency_faults(body), *self._order_faults(body))

    @cached_property
    def core(self) -> frozenset[str]:
        """Pointers into a request body, `*` for any one step, to what every endpoint knows."""
        return frozenset(str(each) for each in items(self.document, "x-request", "core", "fields"))

    def is_core(self, pointer: str) -> bool:
        """Whether a place in a request body is one that every endpoint knows."""
        steps = pointer.split("/")
        return any(
            len(steps) == len(known) and all(name in ("*", step) for name, step in zip(known, steps, strict=True))
            for known in (each.split("/") for each in self.core)
        )

    @cached_property
    def features(self) -> Mapping[str, Feature]:
        """What an endpoint may lack, by name."""
        return MappingProxyType(
            {
                name: Feature(text=str(get(each, "text")), fields=tuple(str(field) for field in items(each, "fields")))
                for name, each in members(self.document, "x-features").items()
            }
        )

    @cached_property
    def levels(self) -> Mapping[str, LevelChange]:
        """What this reading changes about the levels of requirements, by id."""
        return MappingProxyType({name: self._change(name, each) for name, each in members(self.document, "x-dialect", "levels").items()})

    @cached_property
    def knows_all(self) -> bool:
        """Whether an endpoint of this dialect knows every member of the request that is documented."""
        return get(self.document, "x-dialect", "knows") == "all"

    @cached_property
    def claims(self) -> frozenset[str]:
        """Features that every endpoint of this dialect has. Raises `ContractError` for an unknown one."""
        return self._features_of("claims")

    @cached_property
    def denies(self) -> frozenset[str]:
        """Features that no endpoint of this dialect has. Raises `ContractError` for an unknown one."""
        return self._features_of("denies")

    def _validator(self, schema: Schema) -> Validator:
        return self._validator_at(f"/components/schemas/{schema}")

    def _validator_at(self, pointer: str) -> Validator:
        if pointer not in self._validators:
            self._validators[pointer] = Validator(self.document, pointer)
        return self._validators[pointer]

    def _dependency_faults(self, body: Json) -> tuple[SchemaFault, ...]:
        if not isinstance(body, dict):
            return ()
        return tuple(
            SchemaFault(
                pointer=f"/{get(rule, 'param')}",
                keyword="dependency",
                message=str(get(rule, "text")),
                clause=f"/x-dependencies/{name}",
                value=show(get(body, str(get(rule, "param"))), 120),
                level=Level(str(get(rule, "level"))),
            )
            for name, rule in members(self.document, "x-dependencies").items()
            if not self._validator_at(f"/x-dependencies/{name}/schema").is_valid(body)
        )

    def _order_faults(self, body: Json) -> tuple[SchemaFault, ...]:
        return tuple(
            SchemaFault(
                pointer=f"/messages/{index}",
                keyword="order",
                message=message,
                clause=f"/x-request/{name}",
                value=show(get(body, "messages", index), 120),
                level=self.clause(f"/x-request/{name}").level,
            )
            for name, index, message in order_faults(body)
        )

    def _source(self, key: str) -> Source:
        known = get(self.document, "x-sources", key)
        if isinstance(known, dict):
            return Source(label=str(get(known, "title")), url=str(get(known, "url")))
        repository, _, number = key.partition("#")
        return Source(label=key, url=f"https://github.com/{repository}/issues/{number}")

    def _change(self, name: str, value: Json) -> LevelChange:
        level, because = get(value, "level"), get(value, "because")
        if level not in list(Level) or not isinstance(because, str) or not because.strip():
            hint = "Write {level: MUST, SHOULD or MAY, because: the reason}."
            raise ContractError(f"Dialect {self.dialect} sets the level of {name} without a level or without a reason.", hint=hint)
        return LevelChange(level=Level(str(level)), because=because)

    def _features_of(self, kind: str) -> frozenset[str]:
        names = [str(each) for each in items(self.document, "x-dialect", kind)]
        for name in names:
            if name not in self.features:
                raise UnknownNameError("feature", name, tuple(self.features))
        return frozenset(names)


def dialect_names() -> tuple[str, ...]:
    """Name the dialects that are shipped, the base first."""
    return (BASE, *sorted(path.name.removesuffix(_SUFFIX) for path in (folder() / "dialects").glob(f"*{_SUFFIX}")))


def load(dialect: str = DEFAULT) -> Contract:
    """Load a reading by its shipped name, or by the path of an overlay file (it ends in .yaml, .yml or .json, or has a separator).

    Loaded once per name. Raises `UnknownNameError`, `ContractError` and `OverlayError`.
    """
    if dialect.endswith((".yaml", ".yml", ".json")) or "/" in dialect or "\\" in dialect:
        return _of_file(Path(dialect).resolve())
    return _of_name(dialect)


@cache
def _of_name(name: str) -> Contract:
    if name == BASE:
        return Contract(documents.read(folder() / "chat-completions.yaml"), (BASE,))
    if name not in dialect_names():
        raise UnknownNameError("dialect", name, dialect_names())
    return _of_file(folder() / "dialects" / f"{name}{_SUFFIX}")


@cache
def _of_file(path: Path, below: tuple[Path, ...] = ()) -> Contract:
    if path in below:
        raise ContractError(f"{path.name} extends itself, by way of {', '.join(each.name for each in below)}.")
    change = documents.read(path)
    name = path.name.removesuffix(_SUFFIX) if path.name.endswith(_SUFFIX) else path.stem
    parent = _parent(change, path, below)
    document = overlay.apply(parent.document, change, path.name)
    stated = document.get("x-dialect")
    document["x-dialect"] = members(stated) | {"name": name}
    return _checked(Contract(document, (*parent.chain, name)), path)


def _parent(change: dict[str, Json], path: Path, below: tuple[Path, ...]) -> Contract:
    named = change.get("x-extends", DEFAULT)
    if not isinstance(named, str):
        raise ContractError(f"{path}: x-extends has to name a dialect or a file.")
    if named == BASE:
        return _of_name(BASE)
    shipped = named in dialect_names()
    return _of_file(folder() / "dialects" / f"{named}{_SUFFIX}" if shipped else (path.parent / named).resolve(), (*below, path))


def _checked(contract: Contract, path: Path) -> Contract:
    """Find now what would be wrong with a dialect later. Those that are shipped have been through it in the tests."""
    _ = contract.levels, contract.claims, contract.denies
    if path.parent != folder() / "dialects":
        from conformance.contract.lint import problems

        if found := problems(contract.document):
            raise ContractError(f"{path}, applied to {contract.chain[-2]}: {found[0]}", hint=_more(found[1:]))
    return contract


def _more(problems: tuple[str, ...]) -> str:
    return " ".join(["Wrong as well:", *problems[:5]]) if problems else ""


def folder() -> Path:
    """The contract inside an installed package, or beside the package in a checkout."""
    inside = Path(__file__).parents[1] / "openapi"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "openapi"
