"""A page of several runs leads to the report of each, wherever it lies, and to those rows alone that the report has."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import RecordError
from conformance.render import artefacts, files
from conformance.render.linked import Linked, href, linked
from conformance.report import Report


def test_a_link_leads_from_the_page_to_the_report_whatever_the_folder_is_called(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "a b#1"
    files.write(run / artefacts.HTML, "", "The report")
    assert href(run, tmp_path) == "runs/a%20b%231/report.html"
    assert href(run, tmp_path / "pages") == "../runs/a%20b%231/report.html"


def test_there_is_no_link_to_a_report_that_is_not_there(typical: Report, tmp_path: Path) -> None:
    assert href(tmp_path, tmp_path) == ""
    assert linked(typical, tmp_path, tmp_path) == Linked()


def test_only_rows_that_the_file_has_and_the_report_knows_are_led_to(typical: Report, tmp_path: Path) -> None:
    known = typical.rows[0].requirement.id
    files.write(tmp_path / artefacts.HTML, f'<tr id="{known}"><tr id="NOBODY-KNOWS-IT">', "The report")
    assert linked(typical, tmp_path, tmp_path) == Linked(href="report.html", anchors=frozenset({known}))


def test_a_place_that_cannot_be_written_to_is_said_in_a_sentence(tmp_path: Path) -> None:
    files.write(tmp_path / "file", "", "The page")
    with pytest.raises(RecordError, match=r"The page cannot be written to .*page\.html") as caught:
        files.write(tmp_path / "file" / "page.html", "", "The page")
    assert "--output" in caught.value.hint
