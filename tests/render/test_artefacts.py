"""Every file of a run is a view of its record: the same to the byte when made twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import cli
from conformance.errors import RecordError
from conformance.render import artefacts, summary
from conformance.report import Report


def written(report: Report, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    artefacts.write(report, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_written_twice_is_the_same_to_the_byte(any_report: Report, tmp_path: Path) -> None:
    first, second = written(any_report, tmp_path / "first"), written(replace(any_report), tmp_path / "second")
    assert set(first) == set(artefacts.NAMES)
    assert first == second


def test_a_folder_that_cannot_be_written_to_is_said_in_a_sentence(typical: Report, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be written"):
        artefacts.write(typical, tmp_path / "absent")


def test_the_published_schema_can_be_printed() -> None:
    said = CliRunner().invoke(cli.main, ["schema", "summary"])
    assert json.loads(said.stdout) == summary.schema()
