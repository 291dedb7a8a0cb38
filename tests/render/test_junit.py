"""JUnit for CI servers: what breaks the build is a failure or an error, nothing that was not tested is a pass."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from conformance.render import junit
from conformance.report import Report


def cases(report: Report) -> dict[str, ET.Element]:
    return {case.get("name", ""): case for case in ET.fromstring(junit.render(report)).iter("testcase")}


def only_child(case: ET.Element) -> ET.Element | None:
    found = [child for child in case if child.tag != "properties"]
    assert len(found) <= 1
    return found[0] if found else None


def test_it_is_the_same_to_the_byte_when_made_twice(typical: Report, hostile: Report) -> None:
    assert junit.render(typical) == junit.render(typical)
    assert junit.render(hostile) == junit.render(hostile)


def test_every_outcome_has_its_place(typical: Report) -> None:
    found = {name: only_child(case) for name, case in cases(typical).items()}
    tags = {name: None if child is None else (child.tag, child.get("type")) for name, child in found.items()}
    assert tags == {
        "ANSWER-FINISH": ("failure", "MUST"),
        "ANSWER-ID": None,
        "ERRORS-ENVELOPE": ("failure", "SHOULD"),
        "ERRORS-REQUEST-ID": ("system-out", None),
        "STREAM-DONE": ("failure", "MUST"),
        "STREAM-ID": ("failure", "MUST"),
        "STREAM-LABEL": None,
        "STREAM-TOOLS": ("skipped", None),
        "STREAM-LOGPROBS": ("skipped", None),
        "USAGE-TYPES": ("failure", "MUST"),
        "USAGE-SUM": ("error", "INCONCLUSIVE"),
        "USAGE-STREAM": ("error", "ERROR"),
    }


def test_a_failure_carries_its_block_and_says_it_in_one_line(typical: Report) -> None:
    failure = cases(typical)["STREAM-DONE"].find("failure")
    assert failure is not None
    assert failure.get("message", "").startswith("expected [DONE], received")
    assert "--only STREAM-DONE" in (failure.text or "")


def test_a_skip_says_why(typical: Report) -> None:
    skipped = cases(typical)["STREAM-TOOLS"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "INAPPLICABLE: tools: refused with 400, not claimed"


def test_a_case_names_area_level_outcome_and_sources(typical: Report) -> None:
    case = cases(typical)["USAGE-SUM"]
    properties = [(p.get("name"), p.get("value")) for p in case.iter("property")]
    assert case.get("classname") == "conformance.usage"
    assert ("level", "MUST") in properties
    assert ("outcome", "INCONCLUSIVE") in properties
    assert ("citation", "owner/repo#123") in properties


def test_suites_are_areas_and_their_counts_add_up(typical: Report) -> None:
    root = ET.fromstring(junit.render(typical))
    assert [suite.get("name") for suite in root] == [
        "conformance.streaming",
        "conformance.usage",
        "conformance.errors",
        "conformance.answer",
    ]
    for count in ("tests", "failures", "errors", "skipped"):
        assert root.get(count) == str(sum(int(suite.get(count, "")) for suite in root))
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("skipped")) == ("12", "5", "2", "2")


def test_an_incomplete_run_says_so(cut_off: Report) -> None:
    values = {p.get("name"): p.get("value") for p in ET.fromstring(junit.render(cut_off)).iter("property")}
    assert values["incomplete"] == "the record has no end, so the run was cut off"


def test_what_xml_forbids_is_written_out(hostile: Report) -> None:
    text = "".join(ET.fromstring(junit.render(hostile)).itertext())
    assert "⟨U+001B⟩" in text
    assert "⟨U+0000⟩" in text
    assert "⟨U+FFFE⟩" in text


def test_a_failure_names_every_constraint_that_fails(constrained: Report) -> None:
    text = "".join(cases(constrained)["REQUEST-TYPE"].itertext())
    assert [f"member_{n} is of type string: not refused (sent {{}})" in text for n in range(20)] == [True] * 20
    assert "more in the report" not in text
