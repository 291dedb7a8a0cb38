"""What is told of two readings of the contract that differ: all of it, once, in plain words."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conformance import contract
from conformance.cli import main
from conformance.contract import Contract, documents
from conformance.contract.contract_diff import Difference, differences
from conformance.contract.outline import ROOTS
from conformance.contract.schemas import resolve
from conformance.contract.shape import ANNOTATIONS
from conformance.model import Json

BASE = contract.load("openai")
NAMES = contract.dialect_names()
REQUEST = "/components/schemas/CreateChatCompletionRequest"


def _changed(at: str, update: dict[str, Json], *gone: str) -> Contract:
    """The base with members of one object changed, and others gone."""
    document = copy.deepcopy(BASE.document)
    holder = cast("dict[str, Json]", resolve(document, at))
    holder.update(update)
    for name in gone:
        del holder[name]
    return Contract(document, ("openai", "changed"))


def _told(other: Contract) -> list[str]:
    return [each.words for each in differences(BASE, other)]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_differs_from_itself(name: str) -> None:
    assert differences(contract.load(name), contract.load(name)) == ()


@settings(deadline=None, max_examples=12)
@given(first=st.sampled_from(NAMES), second=st.sampled_from(NAMES))
def test_seen_from_the_other_side_before_and_after_change_places(first: str, second: str) -> None:
    there = differences(contract.load(first), contract.load(second))
    back = differences(contract.load(second), contract.load(first))
    assert back == tuple(each.reversed for each in there)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "openai"])
def test_every_dialect_differs_from_its_parent_and_each_line_says_something_else(name: str) -> None:
    reading = contract.load(name)
    lines = [each.words for each in differences(contract.load(reading.chain[-2]), reading)]
    assert lines
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize(
    ("other", "line"),
    [
        (_changed(f"{REQUEST}/properties/temperature", {}, "maximum"), "request.temperature: maximum 2 → none"),
        (_changed(f"{REQUEST}/properties/temperature", {"maximum": 1}), "request.temperature: maximum 2 → 1"),
        (_changed(f"{REQUEST}/properties/temperature", {"type": "number"}), "request.temperature may no longer be null"),
        (_changed(f"{REQUEST}/properties/user", {"type": ["null", "string"]}), "request.user may be null now"),
        (_changed(f"{REQUEST}/properties/user", {}, "deprecated"), "request.user is no longer deprecated"),
        (_changed(f"{REQUEST}/properties/n", {"type": ["null", "number"]}), "request.n: type integer → number"),
        (_changed(f"{REQUEST}/properties/n", {"default": 2}), "request.n: default 1 → 2"),
        (_changed(f"{REQUEST}/properties/model", {}, "x-level"), "request.model: level of minLength SHOULD → MUST"),
        (_changed(f"{REQUEST}/properties", {}, "seed"), "request.seed is gone; it was integer, nullable, deprecated"),
        (
            _changed(f"{REQUEST}/properties", {"provider": {"type": ["object", "null"], "properties": {"sort": {"type": "string"}}}}),
            "request.provider is new: object, nullable",
        ),
        (_changed(f"{REQUEST}", {"required": ["messages"]}), "request.model is no longer required"),
        (
            _changed(f"{REQUEST}/properties/verbosity", {"enum": ["low", "high", "more", None]}),
            'request.verbosity: values also "more"; no longer "medium"',
        ),
        (
            _changed(
                "/components/schemas/CreateChatCompletionResponse", {"required": ["id", "object", "created", "model", "choices", "usage"]}
            ),
            "answer.usage is required now",
        ),
        (_changed("/components/schemas/CompletionUsage/properties", {"cost": {"type": "number"}}), "usage.cost is new: number"),
        (
            _changed("/components/schemas/Delta/properties/role", {}, "enum"),
            'stream.choices[].delta.role: values "assistant", "developer", "system", "tool", "user" → any',
        ),
        (
            _changed("/components/schemas/Error/properties/code", {"type": ["string", "integer", "null"]}),
            "errors.error.code: type string → string, integer",
        ),
        (_changed("/components/schemas/Message", {}, "oneOf"), "request.messages[]: value object → any"),
        (_changed("/paths/~1chat~1completions/post/responses", {"402": {"$ref": "#/components/responses/Refused"}}), "402 is new"),
        (_changed("/components/headers/RetryAfter/schema", {"minimum": 0}), "429.headers.Retry-After: minimum 1 → 0"),
        (_changed("/x-dependencies/one-token-limit", {"level": "MUST"}), "x-dependencies/one-token-limit: level MAY → MUST"),
        (_changed("/x-stream/terminator", {"level": "MAY"}), "x-stream/terminator: level MUST → MAY"),
        (
            _changed("/x-stream", {}, "terminator"),
            "x-stream/terminator is gone; it was The last event of a successful stream has the data `[DONE]`, to the letter.",
        ),
        (_changed("/x-dialect", {"claims": ["tools"]}), "tools is claimed now"),
        (_changed("/x-dialect", {"denies": ["seed"]}), "seed is denied now"),
        (_changed("/x-dialect/levels", {"SOME-ID": {"level": "MAY", "because": "So."}}), "SOME-ID: level as declared → MAY (So.)"),
        (_changed("/x-features/tools", {"fields": ["tools"]}), "tools: fields no longer messages, tool_choice"),
        (_changed("", {"x-more": 1}), "x-more: content none → 1"),
    ],
)
def test_in_plain_words(other: Contract, line: str) -> None:
    assert line in _told(other)


def test_what_lies_below_a_new_place_is_not_told_again() -> None:
    other = _changed(f"{REQUEST}/properties", {"provider": {"type": "object", "properties": {"sort": {"type": "string"}}}})
    assert _told(other) == ["request.provider is new: object"]


def test_how_a_schema_is_written_makes_no_difference() -> None:
    union: Json = {"anyOf": [{"type": "null"}, {"allOf": [{"type": "number", "minimum": 0}]}], "maximum": 2, "default": 1}
    assert _told(_changed(f"{REQUEST}/properties", {"temperature": union})) == []


def test_a_union_that_shrinks_to_one_kind_loses_the_others_only() -> None:
    told = _told(_changed("/components/schemas/Tool", {"$ref": "#/components/schemas/FunctionTool"}, "oneOf", "discriminator"))
    assert told == ["request.tools[]<custom> is gone; it was object"]


def test_of_a_place_about_which_nothing_is_said_any_more_there_is_one_line() -> None:
    assert _told(_changed(f"{REQUEST}/properties", {"audio": {}})) == ["request.audio: value object, nullable → any"]


def test_a_schema_that_holds_itself_is_told_once() -> None:
    node: Json = {"type": "object", "properties": {"inner": {"$ref": "#/components/schemas/JsonSchemaObject"}}}
    told = _told(_changed("/components/schemas", {"JsonSchemaObject": node}))
    assert "request.tools[]<function>.function.parameters.inner is new: object" in told


def _keywords() -> list[tuple[str, str]]:
    """Every keyword that binds in a component that a message is held against."""
    found: list[tuple[str, str]] = []

    def visit(at: str, schema: Json) -> None:
        if not isinstance(schema, dict):
            return
        for keyword, value in schema.items():
            if keyword in ("properties", "additionalProperties", "items", "anyOf", "oneOf"):
                for name, each in value.items() if isinstance(value, dict) and keyword == "properties" else ():
                    visit(f"{at}/properties/{name}", each)
                for index, each in enumerate(value if isinstance(value, list) else ()):
                    visit(f"{at}/{keyword}/{index}", each)
                if keyword in ("additionalProperties", "items"):
                    visit(f"{at}/{keyword}", value)
            elif keyword not in ANNOTATIONS and not (keyword == "type" and "enum" in schema):  # the values say the type
                found.append((at, keyword))

    components = cast("dict[str, Json]", BASE.at("/components/schemas"))
    for name, schema in components.items():
        visit(f"/components/schemas/{name}", schema)
    return found


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(_keywords()))
def test_no_change_goes_untold(place: tuple[str, str]) -> None:
    at, keyword = place
    assume(keyword != "contentMediaType")  # stands in two alternatives alike; what is equal is told as one
    assert _told(_changed(at, {}, keyword))


def test_the_parts_are_told_in_order() -> None:
    groups = [each.place.group for each in differences(BASE, contract.load())]
    assert groups == sorted(groups, key=[*type(groups[0])].index)
    assert set(ROOTS) <= set(groups)


def test_a_difference_can_be_turned_round() -> None:
    one = Difference(place=differences(BASE, contract.load())[0].place, aspect="minimum", before="1", after=None)
    assert one.words.endswith("minimum 1 → none")
    assert one.reversed.words.endswith("minimum none → 1")


# ---- the command


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["contract", *arguments])
    return result.exit_code, result.output


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_can_be_read_back(name: str, tmp_path: Path) -> None:
    status, output = _run("show", "--dialect", name)
    (tmp_path / "shown.yaml").write_text(output, encoding="utf-8")
    shown = documents.read(tmp_path / "shown.yaml")
    assert status == 0
    assert shown == contract.load(name).document
    assert list(shown) == list(contract.load(name).document)


def test_shown_as_json() -> None:
    status, output = _run("show", "--json")
    assert (status, json.loads(output)) == (0, contract.load().document)


def test_diff_is_grouped() -> None:
    status, output = _run("diff", "openai", "openai-compatible")
    assert status == 0
    assert output.startswith("openai-compatible differs from openai in ")
    assert "\nAnswer\n  answer." in output


def test_diff_of_equal_readings() -> None:
    assert _run("diff", "openai", "openai") == (0, "openai differs from openai in nothing.\n")


def test_diff_as_json() -> None:
    found = json.loads(_run("diff", "openai", "openai-compatible", "--json")[1])
    usage = next(each for each in found if each["place"] == "answer.usage")
    text = "answer.usage may be null now"
    assert usage == {"group": "answer", "place": "answer.usage", "aspect": "nullable", "before": False, "after": True, "text": text}


def test_an_overlay_file_can_be_compared_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "ours.overlay.yaml"
    actions = "actions: [{target: $.components.schemas.CreateChatCompletionRequest.properties.n, update: {maximum: 1}}]"
    path.write_text(f"overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\n{actions}\n", encoding="utf-8")
    status, output = _run("diff", "openai-compatible", str(path))
    assert (status, output.splitlines()[-1]) == (0, "  request.n: maximum 128 → 1")
    status, output = _run("lint", str(path))
    assert (status, output.partition(":")[0]) == (0, "ours < openai-compatible < openai")


@pytest.mark.parametrize(
    "arguments", [("show", "--dialect", "opena"), ("diff", "openai", "nothing"), ("lint", "./nowhere.yaml"), ("diff", "openai")]
)
def test_a_wrong_name_is_a_sentence_and_status_4(arguments: tuple[str, ...]) -> None:
    status, output = _run(*arguments)
    assert status == 4
    assert "Traceback" not in output


def test_a_broken_overlay_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.overlay.yaml"
    path.write_text("overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions: [{target: $.gone, remove: true}]\n", encoding="utf-8")
    status, output = _run("lint", str(path))
    assert status == 4
    assert "action 1" in output
