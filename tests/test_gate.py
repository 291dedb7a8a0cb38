"""What a run comes to: the exit status and the sentence."""

from __future__ import annotations

from itertools import product

import pytest

from conformance.gate import ExitStatus, decide
from conformance.model import Level, Outcome, Verdict

MUST, SHOULD, MAY = Level.MUST, Level.SHOULD, Level.MAY
PASS, FAIL, OPEN, EXCUSED, BUG, NOT_RUN = (
    Outcome.PASS,
    Outcome.FAIL,
    Outcome.INCONCLUSIVE,
    Outcome.INAPPLICABLE,
    Outcome.ERROR,
    Outcome.NOT_RUN,
)
Pairs = tuple[tuple[Level, Outcome], ...]


def verdicts(pairs: Pairs) -> list[Verdict]:
    return [Verdict(requirement=f"A-{number}", level=level, outcome=outcome) for number, (level, outcome) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("pairs", "complete", "strict", "status", "words"),
    [
        # green
        (((MUST, PASS),), True, False, 0, ["Conforms", "1 MUST"]),
        (((MUST, PASS), (MUST, EXCUSED)), True, False, 0, ["Conforms", "1 MUST"]),
        (((MUST, PASS), (MUST, NOT_RUN)), True, False, 0, ["Conforms", "1 MUST"]),
        (((MUST, PASS), (SHOULD, FAIL)), True, False, 0, ["Conforms", "1 SHOULD failed"]),
        (((MUST, PASS), (MAY, FAIL)), True, True, 0, ["Conforms"]),
        (((MUST, PASS), (SHOULD, OPEN)), True, False, 0, ["Conforms"]),
        (((MUST, PASS), (SHOULD, PASS)), True, True, 0, ["Conforms", "2 MUST and SHOULD"]),
        (((SHOULD, PASS),), True, False, 0, ["Conforms", "0 MUST"]),
        # red
        (((MUST, FAIL),), True, False, 1, ["Does not conform", "1 of 1 MUST"]),
        (((MUST, FAIL), (MUST, PASS), (MUST, OPEN), (SHOULD, FAIL)), True, False, 1, ["1 of 3 MUST", "1 inconclusive", "1 SHOULD failed"]),
        (((MUST, PASS), (SHOULD, FAIL)), True, True, 1, ["Does not conform", "1 of 2 MUST and SHOULD"]),
        (((MUST, FAIL), (MUST, BUG)), True, False, 1, ["Does not conform"]),
        (((MUST, FAIL),), False, False, 1, ["Does not conform", "incomplete: the cable"]),
        # not judged
        ((), True, False, 2, ["Could not be judged", "nothing was observed"]),
        (((MUST, NOT_RUN),), True, False, 2, ["Could not be judged", "nothing was observed"]),
        (((MUST, EXCUSED),), True, False, 2, ["Could not be judged", "nothing was observed"]),
        (((SHOULD, FAIL),), True, False, 2, ["Could not be judged", "1 SHOULD failed"]),
        (((MUST, OPEN), (MUST, PASS)), True, False, 2, ["Could not be judged", "1 of 2 MUST"]),
        (((MUST, PASS), (SHOULD, OPEN)), True, True, 2, ["Could not be judged", "1 of 2 MUST and SHOULD"]),
        (((MUST, PASS),), False, False, 2, ["Could not be judged", "incomplete: the cable"]),
        # our error
        (((MUST, BUG), (MUST, PASS)), True, False, 3, ["suite itself", "A-0"]),
        (((MAY, BUG), (MUST, PASS)), True, False, 3, ["suite itself", "A-0"]),
        (((MUST, BUG), (MUST, OPEN)), True, False, 3, ["suite itself"]),
        (((MUST, BUG),), False, False, 3, ["suite itself", "incomplete: the cable"]),
    ],
)
def test_the_gate(pairs: Pairs, complete: bool, strict: bool, status: int, words: list[str]) -> None:
    gate = decide(verdicts(pairs), complete=complete, reason="" if complete else "the cable was cut", strict=strict)
    assert int(gate.status) == status
    for word in words:
        assert word in gate.sentence
    assert gate.sentence.endswith(".")


EVERYTHING = list(product([MUST, SHOULD, MAY], Outcome))
TWO_OF_EVERYTHING = [(), *((one,) for one in EVERYTHING), *product(EVERYTHING, EVERYTHING)]


@pytest.mark.parametrize("strict", [False, True])
def test_nothing_passed_nothing_whole_or_nothing_sound_is_never_green(strict: bool) -> None:
    for pairs in TWO_OF_EVERYTHING:
        outcomes = [outcome for _, outcome in pairs]
        assert decide(verdicts(pairs), complete=False, reason="x", strict=strict).status != ExitStatus.CONFORMS
        green = decide(verdicts(pairs), complete=True, strict=strict).status == ExitStatus.CONFORMS
        if PASS not in outcomes or BUG in outcomes or (MUST, FAIL) in pairs or (MUST, OPEN) in pairs:
            assert not green, pairs


@pytest.mark.parametrize("strict", [False, True])
def test_a_failure_outweighs_everything(strict: bool) -> None:
    for pairs in TWO_OF_EVERYTHING:
        for complete in (True, False):
            gate = decide(verdicts(((MUST, FAIL), *pairs)), complete=complete, reason="x", strict=strict)
            assert gate.status == ExitStatus.VIOLATIONS


def test_strict_never_makes_a_run_better() -> None:
    for pairs in TWO_OF_EVERYTHING:
        lenient, strict = (decide(verdicts(pairs), complete=True, strict=strictness).status for strictness in (False, True))
        assert strict != ExitStatus.CONFORMS or lenient == ExitStatus.CONFORMS


def test_a_reason_that_is_a_sentence_already_gets_no_second_full_stop() -> None:
    assert ".." not in decide([], complete=False, reason="The target is gone.").sentence
