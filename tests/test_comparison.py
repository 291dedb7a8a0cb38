"""Runs side by side: what differs, what changed since the run before, and which runs cannot be compared."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.comparing.comparison import Change, Comparison, compare, disagreements
from conformance.errors import ConfigurationError
from conformance.gate import ExitStatus
from conformance.model import Area, Finding, Level, Outcome, Tier
from conformance.report import Report
from tests.render.runs import report, row

NAMES = ("STREAM-A", "STREAM-B", "STREAM-C")


def run(*outcomes: Outcome, at: float = 0.0, model: str = "m", base_url: str = "http://127.0.0.1:1/v1") -> Report:
    """A run that began at a time, in which the requirements came to these outcomes."""
    made = report(*(row(name, outcome) for name, outcome in zip(NAMES, outcomes, strict=False)), model=model, base_url=base_url)
    return replace(made, header=replace(made.header, started=at))


def changes(comparison: Comparison) -> list[list[Change | None]]:
    return [[cell.change for cell in line.cells] for line in comparison.lines]


ANY_RUN = st.tuples(*[st.sampled_from(list(Outcome))] * len(NAMES)).map(lambda outcomes: run(*outcomes))


@given(one=ANY_RUN)
@settings(deadline=None)
def test_a_run_compared_with_itself_has_no_difference(one: Report) -> None:
    comparison = compare([one, one])
    assert comparison.differences == ()
    assert [comparison.changed(change) for change in Change] == [0, 0, 0]


@given(one=ANY_RUN, other=ANY_RUN)
@settings(deadline=None)
def test_what_differs_does_not_hang_on_who_is_named_first(one: Report, other: Report) -> None:
    there, back = compare([one, other]), compare([other, one])
    assert [line.requirement.id for line in there.differences] == [line.requirement.id for line in back.differences]


@given(outcomes=st.lists(st.sampled_from(list(Outcome)), min_size=2, max_size=6))
@settings(deadline=None)
def test_every_fix_has_a_regression_or_a_failure_before_it(outcomes: list[Outcome]) -> None:
    (line,) = compare([run(outcome, at=number) for number, outcome in enumerate(outcomes)]).lines
    told = [cell for cell in line.cells if cell.verdict.outcome in (Outcome.PASS, Outcome.FAIL)]
    for earlier, later in pairwise(told):
        flipped = earlier.verdict.outcome is not later.verdict.outcome
        assert (later.change is not None) is flipped


def test_runs_of_one_target_are_put_in_the_order_of_time_and_changes_are_marked() -> None:
    late, early = run(Outcome.FAIL, Outcome.PASS, Outcome.INCONCLUSIVE, at=2), run(Outcome.PASS, Outcome.FAIL, Outcome.PASS, at=1)
    comparison = compare([late, early])
    assert comparison.reports == (early, late)
    assert changes(comparison) == [[None, Change.REGRESSION], [None, Change.FIX], [None, Change.LOST]]


def test_runs_of_several_targets_stay_in_the_order_given_and_are_not_measured_by_each_other() -> None:
    one, other = run(Outcome.PASS, at=2, model="one"), run(Outcome.FAIL, at=1, model="other")
    comparison = compare([one, other])
    assert comparison.reports == (one, other)
    assert changes(comparison) == [[None, None]]
    assert len(comparison.differences) == 1


def test_each_target_is_measured_by_its_own_run_before() -> None:
    comparison = compare(
        [
            run(Outcome.PASS, at=1, model="one"),
            run(Outcome.FAIL, at=2, model="other"),
            run(Outcome.FAIL, at=3, model="one"),
            run(Outcome.PASS, at=4, model="other"),
        ]
    )
    assert comparison.before == (None, None, 0, 1)
    assert changes(comparison) == [[None, None, Change.REGRESSION, Change.FIX]]


def test_a_run_that_could_not_tell_does_not_hide_a_regression() -> None:
    comparison = compare([run(outcome, at=n) for n, outcome in enumerate((Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL))])
    assert changes(comparison) == [[None, Change.LOST, Change.REGRESSION]]


def test_the_reference_server_is_the_same_target_wherever_it_listens() -> None:
    runs = [run(outcome, at=n, base_url=f"http://127.0.0.1:{n}/v1") for n, outcome in enumerate((Outcome.PASS, Outcome.FAIL), 1)]
    embedded = [replace(each, header=replace(each.header, embedded=True)) for each in runs]
    assert changes(compare(runs)) == [[None, None]]
    assert changes(compare(embedded)) == [[None, Change.REGRESSION]]


def test_a_failure_for_another_reason_is_a_difference_but_no_change() -> None:
    found = [Finding(code=code, expected="", received="") for code in ("no-done", "done-twice")]
    runs = [report(row("STREAM-DONE", Outcome.FAIL, findings=[each])) for each in found]
    comparison = compare(runs)
    assert len(comparison.differences) == 1
    assert changes(comparison) == [[None, None]]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("contract digest", {"contract_digest": "0" * 64}),
        ("catalogue digest", {"catalogue_digest": "0" * 64}),
        ("dialect", {"dialect": ("openai",)}),
        ("tier", {"tier": Tier.FULL}),
        ("seed", {"seed": 2}),
        ("selection", {"selection": "STREAM-A"}),
        ("shard", {"shard": "1/2"}),
    ],
)
def test_runs_that_were_not_asked_the_same_are_refused_by_the_name_of_what_differs(name: str, change: dict[str, object]) -> None:
    one = run(Outcome.PASS)
    other = replace(one, header=replace(one.header, **change))  # type: ignore[arg-type]
    assert [each.name for each in disagreements([one.header, other.header])] == [name]
    with pytest.raises(ConfigurationError, match=f"differ in {name} ") as error:
        compare([one, other])
    assert error.value.exit_status == ExitStatus.BAD_CONFIGURATION
    assert "--common" in error.value.hint
    assert compare([one, other], common=True).disagreements[0].name == name


def test_what_is_common_is_what_all_runs_were_asked_and_the_rest_is_named() -> None:
    one = run(Outcome.PASS, Outcome.NOT_RUN, Outcome.NOT_RUN)
    other = run(Outcome.FAIL, Outcome.PASS, Outcome.NOT_RUN)
    comparison = compare([one, replace(other, header=replace(other.header, tier=Tier.FULL))], common=True)
    assert [line.requirement.id for line in comparison.lines] == ["STREAM-A"]
    assert [(each.requirement, each.asked) for each in comparison.omitted] == [("STREAM-B", (1,))]


def test_a_requirement_that_one_run_has_no_verdict_on_is_left_out_by_name() -> None:
    comparison = compare([run(Outcome.PASS), run(Outcome.PASS, Outcome.PASS)])
    assert [each.requirement for each in comparison.omitted] == ["STREAM-B"]


def test_regressions_are_told_from_the_first_run_to_the_last_by_level() -> None:
    def at(time: float, outcome: Outcome) -> Report:
        made = report(row("A-MUST", outcome), row("A-SHOULD", outcome, Level.SHOULD))
        return replace(made, header=replace(made.header, started=time))

    comparison = compare([at(1, Outcome.PASS), at(2, Outcome.PASS), at(3, Outcome.FAIL)])
    assert comparison.since_the_first(Change.REGRESSION, [Level.MUST]) == ("A-MUST",)
    assert comparison.since_the_first(Change.REGRESSION, [Level.MUST, Level.SHOULD]) == ("A-MUST", "A-SHOULD")
    assert comparison.since_the_first(Change.FIX, Level) == ()


def test_counts_add_up_to_the_lines_in_each_run() -> None:
    made = report(row("A", Outcome.PASS), row("B", Outcome.FAIL, Level.SHOULD, Area.USAGE), row("C", Outcome.PASS, area=Area.USAGE))
    comparison = compare([made, made])
    whole = [count for count in comparison.counts() if count.area is None]
    for number in range(2):
        assert sum(times for count in whole for _, times in count.by_run[number]) == len(comparison.lines)
    assert [(count.level, count.area) for count in comparison.counts()][:3] == [
        (Level.MUST, None),
        (Level.MUST, Area.STREAMING),
        (Level.MUST, Area.USAGE),
    ]
