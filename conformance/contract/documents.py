"""Reads the YAML of the contract and its overlays: plain data, no surprises.

Stricter than YAML itself, since people edit these files by hand: two equal keys are an error, keys are texts, and what looks like a
date stays a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from conformance.errors import ContractError

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Json

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"


def read(path: Path) -> dict[str, Json]:
    """Read a YAML or JSON file whose top is an object. Raises `ContractError`, naming file and line."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), _LOADER)
    except OSError as error:
        raise ContractError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ContractError(f"{path} is not UTF-8.") from error
    except yaml.YAMLError as error:
        raise ContractError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    value = None if root is None else _plain(root, path)
    if not isinstance(value, dict):
        raise ContractError(f"{path} is not an object at its top.")
    return value


def write(document: Json) -> str:
    """Write a document as YAML that `read` reads back the same: block style, members in the order in which they stand."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=100)


class _Dumper(yaml.SafeDumper):
    """Writes out what occurs twice, indents lists and keeps the lines of a long text."""

    def ignore_aliases(self, _: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow=flow, indentless=False)

    def represent_str(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar(_TAG + "str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _Dumper.represent_str)


def _plain(node: yaml.Node, path: Path) -> Json:
    match node:
        case yaml.MappingNode():
            members: dict[str, Json] = {}
            for key, value in node.value:
                name = _name(key, path)
                if name in members:
                    raise ContractError(f"{_where(key, path)}: the key {name!r} stands there twice.", hint="Keep one of the two.")
                members[name] = _plain(value, path)
            return members
        case yaml.SequenceNode():
            return [_plain(item, path) for item in node.value]
        case _:
            return _scalar(node, path)


def _name(key: yaml.Node, path: Path) -> str:
    if not isinstance(key, yaml.ScalarNode) or key.tag == _TAG + "merge":
        raise ContractError(f"{_where(key, path)}: a key has to be a text.")
    return str(key.value)


def _scalar(node: yaml.Node, path: Path) -> Json:
    text = str(node.value)
    try:
        match node.tag.removeprefix(_TAG):
            case "str" | "timestamp":
                return text
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool" if text.lower() in {"true", "false"}:
                return text.lower() == "true"
            case "null":
                return None
            case _:
                pass
    except ValueError:
        pass
    raise ContractError(f"{_where(node, path)}: {text!r} is neither JSON nor a plain text.", hint="Put it in quotes.")


def _where(node: yaml.Node, path: Path) -> str:
    return f"{path}, line {node.start_mark.line + 1}"
