"""Many targets in one command: what a manifest says, who may be asked at the same time, and what all of it comes to."""

from __future__ import annotations

import json
import pickle
import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import contract
from conformance.errors import TargetError
from conformance.fleet import job as jobs
from conformance.fleet import overview, sequence
from conformance.fleet.job import Done, Job, conduct, options
from conformance.fleet.manifest import Fleet, Group, read
from conformance.fleet.slots import Slots
from conformance.gate import ExitStatus
from conformance.record.runlog import Record
from conformance.reference.launch import Embedded
from conformance.render import artefacts
from tests.flaky import Sky, flaky
from tests.running import Ended, command, end, record_of, start

TWO = """
[groups.vendor]
concurrent = 2
rate = 10

[defaults]
run.tier = "smoke"
target.key_variable = "VENDOR_KEY"
limits.rate = 8

[[targets]]
target.base_url = "https://one.example/v1"
target.claims = ["seed"]
models = ["a", "b"]
dialects = ["openai", "openai-compatible"]
group = "vendor"

[[targets]]
target.base_url = "https://two.example/v1"
target.model = "c"
run.tier = "full"
"""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_KEY", "sk-canary-77aa")


def fleet(folder: Path, text: str) -> Fleet:
    path = folder / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    return read(path, folder / "reports")


# What a manifest says


def test_models_and_dialects_expand_to_every_pair(tmp_path: Path) -> None:
    found = fleet(tmp_path, TWO)
    assert [job.name for job in found.jobs] == [
        "a at https://one.example/v1 (openai)",
        "a at https://one.example/v1 (openai-compatible)",
        "b at https://one.example/v1 (openai)",
        "b at https://one.example/v1 (openai-compatible)",
        "c at https://two.example/v1",
    ]
    assert [job.slug for job in found.jobs] == [
        "1-one.example-a-openai",
        "2-one.example-a-openai-compatible",
        "3-one.example-b-openai",
        "4-one.example-b-openai-compatible",
        "5-two.example-c",
    ]


def test_a_target_has_what_all_have_and_its_own_above(tmp_path: Path) -> None:
    first, *_, last = (options(job) for job in fleet(tmp_path, TWO).jobs)
    assert (first.base_url, first.model, first.dialect, first.tier) == ("https://one.example/v1", "a", "openai", "smoke")
    assert (first.key_variable, first.claim) == ("VENDOR_KEY", ("seed",))
    assert (last.base_url, last.model, last.dialect, last.tier) == ("https://two.example/v1", "c", "openai-compatible", "full")
    assert last.claim == ()


def test_the_rate_of_a_group_is_divided_among_its_runs(tmp_path: Path) -> None:
    found = fleet(tmp_path, TWO)
    assert found.groups == {"vendor": Group(concurrent=2, rate=10.0), "two.example": Group()}
    rates = [options(job).rate for job in found.jobs]
    assert rates == ["5.0"] * 4 + ["8"]


def test_one_run_at_a_time_is_sent_to_a_host_that_is_in_no_group(tmp_path: Path) -> None:
    text = '[[targets]]\ntarget.base_url = "https://one.example/v1"\nmodels = ["a", "b"]\n'
    found = fleet(tmp_path, text)
    assert {job.group for job in found.jobs} == {"one.example"}
    assert len(Slots(found.jobs, found.groups).ready()) == 1


def test_a_target_file_is_a_fleet_of_its_models(tmp_path: Path) -> None:
    found = fleet(tmp_path, '[target]\nbase_url = "https://one.example/v1"\nmodels = ["a", "b"]\n[run]\ntier = "smoke"\n')
    assert [(options(job).model, options(job).tier) for job in found.jobs] == [("a", "smoke"), ("b", "smoke")]


def test_one_model_for_all_gives_way_to_several_for_one(tmp_path: Path) -> None:
    text = """
[defaults]
target.model = "plain"
[[targets]]
target.base_url = "https://one.example/v1"
target.models = ["a", "b"]
[[targets]]
target.base_url = "https://two.example/v1"
"""
    assert [options(job).model for job in fleet(tmp_path, text).jobs] == ["a", "b", "plain"]


def test_files_are_looked_for_beside_the_manifest(tmp_path: Path) -> None:
    text = '[[targets]]\ntarget.base_url = "https://one.example/v1"\ntarget.model = "a"\ndialects = ["mine.yaml"]\ntls.ca_file = "ca.pem"\n'
    (job,) = fleet(tmp_path, text).jobs
    assert options(job).dialect == str(tmp_path.resolve() / "mine.yaml")
    assert options(job).ca_file == str(tmp_path.resolve() / "ca.pem")


def test_no_key_travels_with_a_job(tmp_path: Path) -> None:
    text = TWO + 'headers.X-Api-Key = "$VENDOR_KEY"\n'.replace("headers", "target.headers")
    *_, last = fleet(tmp_path, text).jobs
    assert options(last).header == ("X-Api-Key: sk-canary-77aa",)
    assert b"canary" not in pickle.dumps(last)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[targets]]\nmodels = ['a']\n", "line 1, column .*There is no target.base_url"),
        ("[extra]\n" + TWO, "There is no table extra"),
        ("targets = 1\n", "targets is no list of tables"),
        ("targets = []\n", "targets is no list of tables"),
        (TWO + "group = 3\n", "line 22, column 1: group is no text"),
        (TWO + "dialects = 'openai'\n", "line 22, column 1: dialects is no list"),
        (TWO.replace('models = ["a", "b"]', "models = []"), "line 14, column 1: models is no list"),
        (TWO.replace("concurrent = 2", "concurrent = 0"), "groups.vendor.concurrent is no number of runs"),
        (TWO.replace("rate = 10", "rate = -1"), "groups.vendor.rate is no rate"),
        (TWO.replace("rate = 10", "tempo = 10"), "groups.vendor has no tempo"),
        (TWO.replace('group = "vendor"', ""), "no target belongs to the group vendor"),
        (TWO + TWO[TWO.index("[[targets]]") :], "has a at https://one.example/v1 .openai. twice"),
    ],
)
def test_mistakes_of_a_manifest_are_told_with_their_place(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=told):
        fleet(tmp_path, text)


def test_mistakes_of_a_target_are_told_at_their_line(tmp_path: Path) -> None:
    found = fleet(tmp_path, TWO.replace('run.tier = "full"', "limits.rat = 3"))
    with pytest.raises(TargetError, match=r"line 21, column 1: There is no key limits\.rat") as caught:
        options(found.jobs[-1])
    assert caught.value.hint == "Did you mean limits.rate?"
    found = fleet(tmp_path, TWO.replace("limits.rate = 8", 'limits.rate = "8"'))
    with pytest.raises(TargetError, match=r"line 9, column 1: limits\.rate takes a number"):
        options(found.jobs[-1])


# Who may be asked at the same time


def job(number: int, group: str) -> Job:
    return Job(name=str(number), slug=str(number), group=group, manifest="m", table="{}", folder="f")


@given(st.lists(st.sampled_from("abc")), st.dictionaries(st.sampled_from("abc"), st.integers(1, 3)), st.randoms())
@settings(deadline=None)
def test_no_group_has_more_runs_than_places_and_every_job_is_done_once(groups: list[str], places: dict[str, int], random: object) -> None:
    jobs = [job(number, group) for number, group in enumerate(groups)]
    limits = {name: Group(concurrent=places.get(name, 1)) for name in "abc"}
    slots, under_way, done = Slots(jobs, limits), list[Job](), list[Job]()
    while turn := [*under_way, *slots.ready()]:
        for name in "abc":
            assert sum(each.group == name for each in turn) <= limits[name].concurrent
        under_way = list(turn)
        finished = under_way.pop(random.randrange(len(under_way)))  # type: ignore[attr-defined]
        slots.done(finished)
        done.append(finished)
    assert sorted(int(each.name) for each in done) == list(range(len(jobs)))
    assert slots.waiting == 0


# What all of it comes to


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [([0, 0], 0), ([0, 2], 2), ([2, 4], 4), ([4, 3], 3), ([3, 1, 2], 1), ([], 2)],
)
def test_the_worst_target_decides(statuses: list[int], worst: int) -> None:
    found = [Done(job=job(number, "a"), status=ExitStatus(status), sentence="") for number, status in enumerate(statuses)]
    assert overview.worst(found) == worst


MIXED = """
[defaults]
run.only = ["STREAM-DONE"]
[[targets]]
target.base_url = "reference"
dialects = ["openai", "openai-compatible"]
[[targets]]
target.base_url = "http://127.0.0.1:9/v1"
target.model = "nobody"
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Two readings of the embedded server, and an address at which nobody listens."""
    cwd = tmp_path_factory.mktemp("mixed")
    (cwd / "fleet.toml").write_text(MIXED, encoding="utf-8")
    return command("fleet", "fleet.toml", "--workers", "0", "--output", "reports/all", cwd=cwd)


def test_a_target_that_fails_leaves_the_others_alone(mixed: Ended) -> None:
    assert mixed.status == 2, mixed.said
    told = json.loads((mixed.folder / "fleet.json").read_text("utf-8"))
    assert [each["exit_status"] for each in told["targets"]] == [0, 0, 2]
    assert "[1/3] 0 reference (openai): Conforms" in mixed.out
    assert "[3/3] 2 nobody at http://127.0.0.1:9/v1: Could not be tested." in mixed.out
    assert "3 targets: 2 conforms, 1 could not be judged. Exit status 2." in mixed.out


def test_pages_lead_to_every_run(mixed: Ended) -> None:
    index = (mixed.folder / "index.html").read_text("utf-8")
    for folder in ("1-reference-openai", "2-reference-openai-compatible", "3-127.0.0.1-nobody"):
        assert f'href="{folder}/report.html"' in index
        assert (mixed.folder / folder / "report.html").is_file()
    assert 'href="compare.html"' in index
    assert (mixed.folder / "compare.html").is_file()


def test_an_interruption_ends_the_whole_fleet_and_it_is_gone_on_with(tmp_path: Path) -> None:
    with flaky(lambda random, _: Sky(delay=0.05)) as one, flaky(lambda random, _: Sky()) as other:
        text = f'[[targets]]\ntarget.base_url = "{one.url}"\n[[targets]]\ntarget.base_url = "{other.url}"\n'
        (tmp_path / "fleet.toml").write_text(f'[defaults]\ntarget.model = "reference-model"\nrun.tier = "smoke"\n{text}', encoding="utf-8")
        given = ("fleet", "fleet.toml", "--workers", "0", "--output", "all")
        process = start(*given, cwd=tmp_path)
        record_of(tmp_path / "all", 1, process)
        process.send_signal(signal.SIGINT)
        ended = end(process, tmp_path / "all")
        assert ended.status == 2, ended.said
        assert "[1/2] 2 reference-model" in ended.out
        assert "Interrupted: 1 of 2 targets are left." in ended.out
        assert not other.arrivals
        again = command(*given, cwd=tmp_path)
        assert again.status == 0, again.said
        assert other.arrivals


def test_a_fleet_that_is_there_is_gone_on_with(mixed: Ended) -> None:
    record = mixed.folder / "1-reference-openai" / "run.jsonl"
    whole = record.read_bytes()
    record.write_bytes(b"".join(whole.splitlines(keepends=True)[:-3]))
    other = (mixed.folder / "2-reference-openai-compatible" / "run.jsonl").read_bytes()
    again = command("fleet", "fleet.toml", "--workers", "0", "--output", "reports/all", cwd=mixed.output.parent)
    assert again.status == 2, again.said
    assert (mixed.folder / "2-reference-openai-compatible" / "run.jsonl").read_bytes() == other
    assert record.read_bytes().count(b'"kind":"exchange"') == whole.count(b'"kind":"exchange"')
    assert b'"kind":"resumed"' in record.read_bytes()


def test_a_worker_that_does_not_share_the_folder_sends_everything_back(tmp_path: Path) -> None:
    (one,) = fleet(tmp_path, '[[targets]]\ntarget.base_url = "reference"\nrun.only = ["STREAM-DONE"]\n').jobs
    done = conduct(one)
    assert (done.status, done.shared) == (ExitStatus.CONFORMS, False)
    assert not (tmp_path / "reports").exists()
    overview.keep(done, tmp_path / "here")
    assert {path.name for path in (tmp_path / "here" / one.slug).iterdir()} == {"run.jsonl", *artefacts.NAMES}
    with Record.open(tmp_path / "here" / one.slug / "run.jsonl") as record:
        assert record.complete
        assert record.count == done.requests


def test_readings_of_ones_own_are_compared_with_shipped_ones(tmp_path: Path) -> None:
    shutil.copy(contract.folder() / "dialects" / "openai-compatible.overlay.yaml", tmp_path / "mine.yaml")
    text = '[[targets]]\ntarget.base_url = "reference"\nrun.only = ["STREAM-DONE"]\ndialects = ["openai", "./mine.yaml"]\n'
    found = [pickle.loads(pickle.dumps(done)) for done in sequence.conduct(fleet(tmp_path, text))]
    for done in found:
        overview.keep(done, tmp_path / "all")
    overview.write(found, tmp_path / "all")
    page = (tmp_path / "all" / "compare.html").read_text("utf-8")
    for done in found:
        assert f'href="{done.job.slug}/report.html#STREAM-DONE"' in page


def test_a_bug_of_ours_is_told_of_the_one_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = fleet(tmp_path, '[[targets]]\ntarget.base_url = "reference"\n').jobs
    monkeypatch.setattr(jobs, "options", lambda _: 1 // 0)
    done = conduct(one)
    assert done.status is ExitStatus.OUR_ERROR
    assert done.sentence == "The suite itself failed: ZeroDivisionError: integer division or modulo by zero"


def test_everything_is_checked_before_anybody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text(MIXED + "run.seed = 'one'\n", encoding="utf-8")
    ended = command("fleet", "fleet.toml", "--workers", "0", cwd=tmp_path)
    assert ended.status == 4
    assert "run.seed takes a whole number" in ended.err
    assert not ended.output.exists()


# Several models in one run


def test_a_run_asks_every_model_that_is_named(tmp_path: Path) -> None:
    with Embedded() as server:
        given = ("--base-url", server.base_url, "--only", "STREAM-DONE", "--tier", "smoke")
        ended = command("run", *given, "--model", server.model, "--model", "no-such-model", cwd=tmp_path)
    assert ended.status == 2, ended.said
    assert "[1/2] 0 reference-model: Conforms" in ended.out
    assert "[2/2] 2 no-such-model: Could not be tested. The target does not know the model 'no-such-model'" in ended.out
    assert {path.name for path in ended.folder.iterdir() if path.is_dir()} == {"1-reference-model", "2-no-such-model"}
    assert (ended.folder / "compare.html").is_file()


def test_a_run_asks_every_model_of_its_target_file_unless_one_is_named(tmp_path: Path) -> None:
    text = '[target]\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["a", "b"]\n[run]\nonly = ["STREAM-DONE"]\n'
    (tmp_path / "conformance.toml").write_text(text, encoding="utf-8")
    ended = command("run", cwd=tmp_path)
    assert ended.status == 2, ended.said
    assert "2 targets: 2 could not be judged." in ended.out
    one = command("run", "--model", "b", "--output", "one", cwd=tmp_path)
    assert one.status == 2
    assert "targets" not in one.out


@pytest.mark.parametrize("given", [("--shard", "1/2"), ("--resume", "reports/x"), ("-k", "STREAM")])
def test_what_one_run_alone_can_do_is_refused_for_several(given: tuple[str, ...], tmp_path: Path) -> None:
    ended = command("run", "--base-url", "http://127.0.0.1:9/v1", "--model", "a", "--model", "b", *given, cwd=tmp_path)
    assert ended.status == 4
    assert f"{given[0]} is given with 2 models" in ended.err
    assert not ended.output.exists()


def test_what_would_be_tested_is_listed(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text(MIXED, encoding="utf-8")
    ended = command("fleet", "fleet.toml", "--list", cwd=tmp_path)
    assert ended.status == 0, ended.said
    assert ended.out.splitlines()[1] == "2-reference-openai-compatible  reference (openai-compatible)  group reference"
    assert not ended.output.exists()
