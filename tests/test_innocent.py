"""Nobody who keeps to the contract is accused, however unlike the reference server they are.

Each style of the second server is judged under the default reading; none fails a MUST, and every one passes the gate, but for those
whose model leaves nothing to judge. What a style fails below MUST is named here: things that the reading warns about or lists.
"""

from __future__ import annotations

import pytest

from conformance.model import Level, Outcome
from tests.innocent.server import serving
from tests.innocent.trial import STYLES, judged
from tests.sampling import sampled

TOLD: dict[str, set[str]] = {
    "open door": {"ERROR-REQUEST-ID"},
    "refuses keys with 403": {"ERROR-KEY-STATUS", "ERROR-SCHEME-STATUS"},
    "no space": {"STREAM-DATA-SPACE"},
    "usage always": {"STREAM-USAGE-NULL", "STREAM-USAGE-UNASKED"},
    "usage bare": {"STREAM-USAGE-NULL"},
    "usage never": {"USAGE-PRESENT", "USAGE-STREAM-WISH"},
    "merged": {"STREAM-FINISH-ALONE", "ANSWER-CONTENT-KEY", "ANSWER-LOGPROBS-KEY"},
    "all nulls": {"ANSWER-NO-EMPTY-CALLS"},
    "thinks in secret": {"ANSWER-NO-EMPTY-CALLS"},
    "every role": {"STREAM-ROLE-ONCE", "ANSWER-LOGPROBS-KEY"},
    "moody": {"STREAM-SAME-TEXT", "STREAM-SAME-FINISH"},
    "no developer": {"REQUEST-DEVELOPER"},
    "no parts": {"REQUEST-CONTENT-PARTS", "REQUEST-NAME", "REQUEST-TOOL-RESULT-PARTS"},
    "no stream": {"REQUEST-FORMS", "ERROR-MODEL-STATUS", "ERROR-STREAMED-SAME", "ERROR-DOOR-STREAMED-SAME"},
    "no stream_options": {"REQUEST-CAP-NAMES", "USAGE-STREAM-WISH"},
    "max_tokens": {"REQUEST-CAP-NAMES", "ERROR-INVALID-STATUS", "ERROR-JSON-STATUS", "ERROR-MEDIA-STATUS", "ERROR-SIZE-STATUS"}
    | {"ERROR-KEY-CODE", "ERROR-MODEL-CODE"},
    "max_completion_tokens": {"REQUEST-CAP-NAMES", "ERROR-CODE-TYPE", "ERROR-MODEL-STATUS"},
    "bare errors": {"ERROR-MEMBERS", "ERROR-TYPE", "ERROR-PARAM-NAMED", "ERROR-MODEL-REFUSED"},
    "lenient": {"REQUEST-COERCION", "REQUEST-ENUM", "REQUEST-LENGTH", "REQUEST-NULL", "REQUEST-ORDER", "REQUEST-RANGE", "REQUEST-TYPE"}
    | {"REQUEST-DEPENDENCY", "REQUEST-READ", "ERROR-MODEL-REFUSED", "ANSWER-NO-EMPTY-CALLS"},
    "nothing": {"REQUEST-CONTENT-PARTS", "REQUEST-DEVELOPER", "REQUEST-NAME", "REQUEST-CAP-NAMES", "ERROR-MODEL-REFUSED"}
    | {"ANSWER-CONTENT-KEY", "ANSWER-LOGPROBS-KEY", "USAGE-STREAM-WISH"},
}
"""Requirements below MUST that a style may fail, each for a habit that it has."""

HABITS = {"REQUEST-NAMES-UNIQUE", "REQUEST-NULL"}
"""Requirements that bind nobody, and list what its reader does in every style: the last of two names wins, null is absence."""

UNJUDGED = {"mute", "lost in thought"}
"""Styles whose model says too little to tell whether a cap or a stop sequence is heeded."""

TO_THE_LETTER = [
    "documented",
    "odd pieces",
    "all at once",
    "closes",
    "old HTTP",
    "rambling",
    "foreign",
    "letters",
    "newline first",
    "thinker",
]
"""Styles that keep to the letter as well."""


@pytest.mark.parametrize("name", sampled(STYLES, every=4))
def test_an_innocent_server_is_not_accused(name: str) -> None:
    with serving(STYLES[name]) as server:
        outcomes = judged(server, "openai-compatible")
    assert outcomes.having(Outcome.FAIL) <= TOLD.get(name, set()) | HABITS
    assert not outcomes.having(Outcome.ERROR)
    rows = {each.requirement: each for each in outcomes.verdicts}
    assert Level.MUST not in {rows[identifier].level for identifier in TOLD.get(name, set())}
    assert {rows[identifier].level for identifier in HABITS} == {Level.MAY}
    assert outcomes.gate.status == (2 if name in UNJUDGED else 0)


@pytest.mark.parametrize("name", sampled(TO_THE_LETTER, every=5))
def test_the_letter_of_the_contract_accuses_no_innocent_either(name: str) -> None:
    with serving(STYLES[name]) as server:
        outcomes = judged(server, "openai")
    assert not (outcomes.having(Outcome.FAIL) | outcomes.having(Outcome.ERROR)) - HABITS
    assert outcomes.gate.status == 0


def test_only_styles_that_exist_are_excused() -> None:
    assert set(TOLD) | UNJUDGED | set(TO_THE_LETTER) <= set(STYLES)
