"""The tables in openapi/README.md: each field that a vendor's page names, beside what the contract says of it in two readings.

`python -m conformance.documentation.field_table` writes them anew; `--check` only says whether they are current.
"""

from __future__ import annotations

import re
from typing import Final

from conformance import contract as contracts
from conformance.contract import Contract, documents
from conformance.contract.outline import OPERATION, ROOTS, Aspects, Group, followed, merged
from conformance.contract.shape import Alternative, alternatives, children
from conformance.documentation.current import ROOT, command
from conformance.model import Json
from conformance.strictjson import get, items, members

FOLDER: Final = ROOT / "openapi"
README: Final = FOLDER / "README.md"
PAGES: Final = FOLDER / "dialects" / "documented-fields.yaml"
BEGIN: Final = "<!-- fields: written by `python -m conformance.documentation.field_table` -->"
END: Final = "<!-- end of fields -->"
_STEP: Final = re.compile(r"\[\]|\{\}|[^.\[\]{}]+")
_PARTS: Final = {"request": Group.REQUEST, "answer": Group.ANSWER, "error": Group.ERRORS}


def tables() -> str:
    """Write one table for each vendor's page whose dialect is shipped, in the order of the data."""
    pages = documents.read(PAGES)
    base = contracts.load(contracts.BASE)
    shipped = [name for name in pages if name in contracts.dialect_names()]
    return "\n\n".join(table(name, pages[name], base, contracts.load(name)) for name in shipped)


def described(reading: Contract, part: str, path: str) -> str:
    """Say in short what a reading says of a field: `integer ≥ 1, null`; `absent` when it does not know it.

    `part` is `request`, `answer`, `error`, `status` or `header`. `any` stands for a field inside an object of which nothing is said.
    """
    document = reading.document
    match part:
        case "header":
            return _header(document, path)
        case "status":
            return _status(document, path)
        case _:
            return _field(document, f"/components/schemas/{ROOTS[_PARTS[part]]}", path)


def updated(text: str) -> str:
    """Put the tables of today between the markers of a text."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{tables()}\n\n{END}{tail}"


def table(name: str, page: Json, base: Contract, dialect: Contract) -> str:
    """Write the table of one page in Markdown: field, what the page says, what the base says, what the dialect says."""
    rows = [
        (f"{part} `{path}`", str(said), described(base, part, path), described(dialect, part, path))
        for part in ("header", "request", "answer", "status", "error")
        for path, said in members(page, part).items()
    ]
    head = [f"### {name}", "", f"[Page]({get(page, 'page')}), {get(page, 'seen')}.", ""]
    lines = [f"| Field | The page | `{base.dialect}` | `{dialect.dialect}` |", "|---|---|---|---|"]
    return "\n".join([*head, *lines, *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)])


def _field(document: Json, root: str, path: str) -> str:
    arms: tuple[Alternative, ...] = alternatives(document, {"$ref": f"#{root}"})
    required = 0
    for step in _STEP.findall(path):
        holders = [arm for arm in arms if arm.types != ("null",)]
        found = [child for arm in holders for child in children(arm) if child.step == step]
        if not found:
            return "any" if any(arm.is_open for arm in holders) else "absent"
        objects = [arm for arm in holders if "properties" in arm.schema]
        required = sum(child.required for child in found)
        required = 2 if required and required == len(objects) else min(required, 1)
        arms = tuple(each for child in found for each in alternatives(document, child.schema))
    return ", ".join([_words(document, arms), *(["required in some", "required"][required - 1 : required])])


def _words(document: Json, arms: tuple[Alternative, ...]) -> str:
    said = merged(arms)
    kinds = str(said["type"]).split(", ")
    if kinds == ["any"] and len(arms) == 1 and arms[0].schema.keys() <= {"deprecated"}:
        return "any"
    words = [_kind(document, kind, arms, said) for kind in kinds if kind]
    listed = said.get("values")
    if isinstance(listed, frozenset):
        whole = [word for kind, word in zip(kinds, words, strict=True) if kind in ("array", "object")]
        words = [*(value.strip('"') for value in sorted(listed)), *whole]
    tail = ["null"] if said["nullable"] and kinds != ["any"] else []
    tail += [f"default {said['default']}"] if "default" in said and said["default"] != "null" else []
    tail += ["deprecated"] if said["deprecated"] else []
    return ", ".join([" or ".join(words), *tail])


def _kind(document: Json, kind: str, arms: tuple[Alternative, ...], said: Aspects) -> str:
    below = [child for arm in arms for child in children(arm)]
    match kind:
        case "array":
            entries = tuple(each for child in below if child.step == "[]" for each in alternatives(document, child.schema))
            names = [f"{name}s" for name in str(merged(entries)["type"]).split(", ")] if entries else ["values"]
            size = _range(said, "minItems", "maxItems")
            return f"list of{size} {' or '.join(name.replace('anys', 'values') for name in names)}"
        case "object" if any(child.step == "{}" for child in below) and not any(child.step not in ("{}", "[]") for child in below):
            rest = tuple(each for child in below if child.step == "{}" for each in alternatives(document, child.schema))
            return f"map to {_words(document, rest)}"
        case "string":
            length = _range(said, "minLength", "maxLength")
            return f"string{' of length' + length if length else ''}{' with a pattern' if 'pattern' in said else ''}"
        case "integer" | "number":
            return f"{kind}{_range(said, 'minimum', 'maximum')}"
        case _:
            return kind


def _range(said: Aspects, low: str, high: str) -> str:
    match said.get(low), said.get(high):
        case None, None:
            return ""
        case least, None:
            return f" ≥ {least}"
        case None, most:
            return f" ≤ {most}"
        case least, most if str(least).startswith("-") and abs(int(str(least)) + int(str(most))) <= 1:
            return f" ±{most}"
        case least, most:
            return f" {least}…{most}"


def _header(document: Json, name: str) -> str:
    if name == "Authorization":
        schemes = members(document, "components", "securitySchemes").values()
        return ", ".join(f"{get(each, 'scheme')}" for each in schemes if get(each, "type") == "http") or "absent"
    for each in items(document, *OPERATION, "parameters"):
        if get(each, "in") == "header" and str(get(each, "name")).lower() == name.lower():
            return _words(document, alternatives(document, get(each, "schema")))
    return "absent"


def _status(document: Json, status: str) -> str:
    responses = members(document, *OPERATION, "responses")
    if status not in responses:
        return f"as {status[0]}XX" if f"{status[0]}XX" in responses else "absent"
    return " or ".join(members(followed(document, responses[status]), "content")) or "no body"


main: Final = command(README, lambda: updated(README.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
