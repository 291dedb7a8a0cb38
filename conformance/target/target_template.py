"""Writes a target file: what is known as it is, everything else as a comment that says what it would be for. Pure."""

from __future__ import annotations

import json
import os
import string
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from conformance.errors import TargetError
from conformance.options import Kind, Option, Options
from conformance.target import sounds_secret
from conformance.target.target_reader import KEYS

_EXAMPLES: Final[Mapping[str, str]] = {
    "target.base_url": '"https://host/v1"',
    "target.model": '"my-model"',
    "target.key_variable": '"OPENAI_API_KEY"',
    "target.headers": 'x-tenant = "$TENANT"',
    "target.query": 'api-version = "2024-10-21"',
    "proxy.url": '"http://user:$PROXY_PASSWORD@proxy:3128"',
}
"""What stands in the comments where there is no default."""

_BY_KIND: Final[Mapping[Kind, str]] = {
    Kind.FLAG: "true",
    Kind.WHOLE: "100",
    Kind.NUMBER: "2.5",
    Kind.LIST: '["…"]',
    Kind.FILE: '"path/to/file"',
}
_WIDTH: Final = 118
"""Columns of a comment."""


def written(options: Options, head: Iterable[str], notes: Mapping[str, Iterable[str]], folder: Path, environment: Mapping[str, str]) -> str:
    """The text of a target file in `folder`, with every option that was named.

    `head` are lines of comment for its beginning, `notes` others for single keys. Raises `TargetError` for a secret that stands in no
    variable of the environment, and so could only be written down.
    """
    lines = [f"# {line}".rstrip() for line in head]
    table = ""
    for option in sorted(KEYS.values(), key=_order):
        if option.kind is Kind.TABLE:
            lines += ["", *_comment([option.help, *notes.get(option.key, ())])]
            entries = _entries(option, getattr(options, option.field), environment)
            lines += [f"[{option.key}]", *entries] if entries else [f"# [{option.key}]", f"# {_EXAMPLES.get(option.key, '…')}"]
            continue
        if (here := option.key.partition(".")[0]) != table:
            lines += ["", f"[{here}]"]
            table = here
        lines += _comment([option.help, *notes.get(option.key, ())])
        name = option.key.partition(".")[2]
        value = getattr(options, option.field) if option.field in options.named else None
        lines.append(f"# {name} = {_example(option)}" if value is None else f"{name} = {_value(option, value, folder)}")
    return "\n".join(lines) + "\n"


def _order(option: Option) -> tuple[int, bool]:
    """Table by table in the order of the options; what is a table of its own ends the one that it stands in (TOML 1.0, "Table")."""
    tables = list(dict.fromkeys(key.partition(".")[0] for key in KEYS))
    # What is to be tested comes first, how much of it is asked second.
    tables.sort(key=lambda name: (name != "target", name != "run"))
    return tables.index(option.key.partition(".")[0]), option.kind is Kind.TABLE


def _comment(texts: Iterable[str]) -> Iterator[str]:
    import textwrap

    for text in texts:
        yield from textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_long_words=False, break_on_hyphens=False)


def _example(option: Option) -> str:
    if option.key in _EXAMPLES:
        return _EXAMPLES[option.key]
    if option.default:
        return option.default if option.kind in (Kind.WHOLE, Kind.NUMBER) else json.dumps(str(option.default))
    return _BY_KIND.get(option.kind, '"…"')


def _value(option: Option, value: object, folder: Path) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(_quoted(str(item)) for item in value)}]"
    text = str(value)
    if option.kind in (Kind.WHOLE, Kind.NUMBER):
        return text
    if option.kind is Kind.FILE or (option.kind is Kind.NAME_OR_FILE and Path(text).is_file()):
        return _quoted(Path(os.path.relpath(text, folder)).as_posix())
    return _quoted(text.replace("$", "$$") if option.secret else text)


def _entries(option: Option, values: tuple[str, ...], environment: Mapping[str, str]) -> list[str]:
    entries = []
    for each in values:
        name, _, text = each.partition(option.separator.strip())
        text = text.strip()
        shown = _referring(name, text, environment) if sounds_secret(name) else text.replace("$", "$$")
        entries.append(f"{_quoted(name.strip())} = {_quoted(shown)}")
    return entries


def _referring(name: str, text: str, environment: Mapping[str, str]) -> str:
    """A text with the variable of the environment that holds its secret in the place of the secret."""
    holding = [(value, variable) for variable, value in environment.items() if value and value in text and _is_name(variable)]
    for value, variable in sorted(holding, key=lambda each: -len(each[0])):
        if len(value) >= min(8, len(text)):
            before, _, after = text.partition(value)
            return f"{before.replace('$', '$$')}${{{variable}}}{after.replace('$', '$$')}"
    hint = "Put it into a variable of the environment first, export it, and refer to that on the command line: a file can then do the same."
    raise TargetError(f"What is given for {name.strip()} sounds secret, and would stand in the file.", hint=hint)


def _is_name(variable: str) -> bool:
    return string.Template(f"${{{variable}}}").get_identifiers() == [variable]


def _quoted(text: str) -> str:
    """A basic string: TOML reads every escape that is written here."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
