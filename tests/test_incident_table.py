"""Mistakes seen in the field: each is held by a requirement, or there is a reason why not."""

from __future__ import annotations

import pytest

from conformance import registry
from conformance.documentation import incident_table
from conformance.model import Area

CATALOGUE = registry.load()


@pytest.mark.parametrize("area", incident_table.PARTS)
def test_each_mistake_is_held_or_excluded(area: Area) -> None:
    rows = incident_table.incidents(area)
    assert {name for each in rows for name in each.held_by} <= {each.id for each in CATALOGUE.requirements}
    assert [each.defect for each in rows if not each.held_by and incident_table.exclusion(each, CATALOGUE) is None] == []


@pytest.mark.parametrize("area", incident_table.PARTS)
def test_nothing_is_both_held_and_excluded(area: Area) -> None:
    rows = incident_table.incidents(area)
    assert [each.defect for each in rows if each.held_by and incident_table.exclusion(each, CATALOGUE)] == []


def test_each_mistake_is_told_once_in_a_sentence() -> None:
    rows = [each.defect for area in incident_table.PARTS for each in incident_table.incidents(area)]
    assert len(rows) == len(set(rows))
    assert [row for row in rows if not row.endswith(".") or "TODO" in row] == []


def test_what_a_requirement_cites_is_in_the_table() -> None:
    told = {label for area in incident_table.PARTS for each in incident_table.incidents(area) for label in each.reports}
    cited = {each.label for r in CATALOGUE.requirements for each in r.cites if each.kind == "incident"}
    assert cited - told == set()


def test_the_table_is_current() -> None:
    assert incident_table.TABLE.read_text(encoding="utf-8") == incident_table.table(CATALOGUE), "run `nox -s documents`"
