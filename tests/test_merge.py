"""`--shard` and `conformance merge`, as the jobs of a matrix have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import Ended, command

PART = ("--only", "STREAM-DONE,USAGE-TOTAL,REQUEST-TYPE")


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[Ended]:
    """Three jobs, each with an embedded server of its own."""
    cwd = [tmp_path_factory.mktemp(f"job-{number}") for number in (1, 2, 3)]
    return [command("run", *PART, "--shard", f"{number}/3", cwd=each) for number, each in enumerate(cwd, 1)]


def test_a_job_says_that_it_gives_no_verdict(shards: list[Ended]) -> None:
    for number, ended in enumerate(shards, 1):
        assert ended.status == 0, ended.said
        assert f"Shard {number} of 3 is asked. That is no verdict" in ended.out
        assert "Exit status 0: asked, not judged." in ended.out
        assert "Conforms" not in ended.out
        assert f"Shard: {ended.folder.relative_to(ended.output.parent)}" in ended.out
        assert [path.name for path in ended.folder.iterdir()] == ["run.jsonl"]


def test_the_jobs_make_one_run(shards: list[Ended], tmp_path: Path) -> None:
    folders = [str(ended.folder) for ended in shards]
    ended = command("merge", *folders, "--output", "reports/whole", cwd=tmp_path)
    assert ended.status == 0, ended.said
    assert "requirements hold" in ended.out
    assert (ended.folder / "report.html").is_file()
    assert ended.summary["complete"]
    sent = [key for key in ended.sent if not key.startswith("preflight/")]
    assert len(sent) == len(set(sent)) == sum(len(each.sent) for each in shards) - 3
    again = command("judge", "reports/whole", cwd=tmp_path)
    assert again.status == 0, again.said
    twice = command("merge", *folders, "--output", "reports/whole", cwd=tmp_path)
    assert twice.status == 4
    assert "already a record" in twice.err


def test_a_missing_job_is_named(shards: list[Ended], tmp_path: Path) -> None:
    ended = command("merge", str(shards[0].folder), str(shards[2].folder), "--output", "reports/whole", cwd=tmp_path)
    assert ended.status == 4
    assert "Shard 2/3 of the run is not there" in ended.err
    assert not ended.output.exists()


def test_a_shard_that_was_cut_off_is_gone_on_with(shards: list[Ended], tmp_path: Path) -> None:
    whole = shards[1].folder / "run.jsonl"
    cut = tmp_path / "cut" / "run.jsonl"
    cut.parent.mkdir()
    cut.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[:-3]))
    ended = command("run", "--resume", str(cut.parent), "--shard", "1/3", cwd=tmp_path)
    assert ended.status == 4
    assert "begun with --shard 2/3" in ended.said
    ended = command("run", "--resume", str(cut.parent), cwd=tmp_path)
    assert ended.status == 0, ended.said
    assert cut.read_bytes().count(b'"kind":"exchange"') == len(shards[1].sent)


@pytest.mark.parametrize("given", ["4/3", "three"])
def test_a_shard_that_cannot_be_is_found_before_anything_is_sent(given: str, tmp_path: Path) -> None:
    ended = command("run", "--shard", given, cwd=tmp_path)
    assert ended.status == 4
    assert f"There is no shard '{given}'" in ended.err
