"""The tables that set what vendors document against the contract: complete, current, and true to both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import contract
from conformance.contract import documents
from conformance.documentation import field_table
from conformance.model import Json
from conformance.strictjson import get

PAGES = documents.read(field_table.PAGES)
BASE = contract.load("openai")
README = (contract.folder() / "README.md").read_text(encoding="utf-8")


WITHOUT_A_RULE = {"openrouter": {"header x-session-id"}}
"""Documented fields that no dialect knows: a header that may be sent, or not, and that session_id outdoes, leaves nothing to check."""


def _rows() -> Iterator[tuple[str, str, str]]:
    for name, page in PAGES.items():
        for part in ("header", "request", "answer", "status", "error"):
            fields = get(page, part)
            yield from ((name, part, path) for path in (fields if isinstance(fields, dict) else ()))


def test_the_readme_is_current() -> None:
    assert field_table.updated(README) == README, "run `nox -s documents`"


def test_each_page_has_an_address_and_fields() -> None:
    assert set(PAGES) == {"openrouter", "openrouter-2025-10", "requesty", "requesty-2025", "8080"}
    for page in PAGES.values():
        assert str(get(page, "page")).startswith("https://")
        assert isinstance(get(page, "seen"), str)
        assert {"request", "answer"} <= set(page if isinstance(page, dict) else ())


@pytest.mark.parametrize("name", list(PAGES))
def test_no_row_is_missing(name: str) -> None:
    if name not in contract.dialect_names():
        pytest.skip(f"no dialect {name} yet")
    _, _, section = README.partition(f"\n### {name}\n")
    lines = section.partition("\n### ")[0].splitlines()
    for page, part, path in _rows():
        if page == name:
            (line,) = [line for line in lines if line.startswith(f"| {part} `{path}` |")]
            assert all(cell.strip() for cell in line.strip("|").split(" | "))


@pytest.mark.parametrize("name", list(PAGES))
def test_a_dialect_knows_each_field_of_its_page(name: str) -> None:
    if name not in contract.dialect_names():
        pytest.skip(f"no dialect {name} yet")
    reading = contract.load(name)
    absent = {f"{part} {path}" for page, part, path in _rows() if page == name and field_table.described(reading, part, path) == "absent"}
    assert absent == WITHOUT_A_RULE.get(name, set())


@pytest.mark.parametrize(
    ("part", "path", "words"),
    [
        ("request", "temperature", "number 0…2, null, default 1"),
        ("request", "max_tokens", "integer ≥ 1, null, deprecated"),
        ("request", "model", "string of length ≥ 1, required"),
        ("request", "messages", "list of ≥ 1 objects, required"),
        ("request", "messages[].role", "assistant or developer or function or system or tool or user, required"),
        ("request", "messages[].content", "string or list of ≥ 1 objects, null, required in some"),
        ("request", "messages[].content[].text", "string, required in some"),
        ("request", "stop", "string or list of 1…4 strings, null"),
        ("request", "tool_choice", "auto or none or required or object"),
        ("request", "seed", "integer ±9223372036854775807, null, deprecated"),
        ("request", "logit_bias", "map to integer ±100, null"),
        ("request", "tools[].function.name", "string with a pattern, required"),
        ("request", "tools[].function.parameters.type", "any"),
        ("request", "tools[].function.parameters.properties{}.type", "any"),
        ("request", "provider", "absent"),
        ("request", "temperature.more", "absent"),
        ("answer", "object", "chat.completion, required"),
        ("answer", "usage.total_tokens", "integer ≥ 0, required"),
        ("answer", "choices[].message.content", "string, null, required"),
        ("answer", "choices[].logprobs.content[].bytes", "list of integers, null, required"),
        ("error", "error.code", "string, null, required"),
        ("status", "200", "application/json or text/event-stream"),
        ("status", "402", "as 4XX"),
        ("status", "302", "absent"),
        ("header", "Authorization", "bearer"),
        ("header", "x-more", "absent"),
    ],
)
def test_words_for_a_field(part: str, path: str, words: str) -> None:
    assert field_table.described(BASE, part, path) == words


def test_a_header_of_a_request(tmp_path: Path) -> None:
    action = "{target: \"$.paths['/chat/completions'].post\", update: {parameters: [{name: X-More, in: header, schema: {type: string}}]}}"
    path = tmp_path / "more.overlay.yaml"
    path.write_text(f"overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\nactions: [{action}]\n", encoding="utf-8")
    assert field_table.described(contract.load(str(path)), "header", "x-more") == "string"


def test_the_text_around_the_tables_stays() -> None:
    text = f"before\n{field_table.BEGIN}\nold\n{field_table.END}\nafter\n"
    new = field_table.updated(text)
    assert new.startswith(f"before\n{field_table.BEGIN}\n")
    assert new.endswith(f"{field_table.END}\nafter\n")
    assert "old" not in new.splitlines()


def test_a_value_with_a_bar_stays_in_its_cell() -> None:
    page: Json = {"page": "https://example.com", "seen": "now", "request": {"model": "a|b"}}
    assert "| a\\|b |" in field_table.table("x", page, BASE, BASE)
