"""Judged runs: a usual one, a hostile one, a crowded one, and one that was killed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.model import Area, Fault, FaultKind, Finding, Level, Outcome, Place, Violation
from conformance.provenance import Footer
from conformance.registry import Exclusion
from conformance.report import Report
from conformance.subjects.fate import Effect, Fate
from tests.render.runs import ANSWER, HOSTILE, REFUSAL, STREAM, Make, constraint, exchange, report, row


@pytest.fixture
def typical() -> Report:
    """A run like many: some failures at each level, one of everything else."""
    done = Finding(
        code="no-done",
        expected="[DONE]",
        received='{"id":"c1",…,"finish_reason":"stop"}',
        at=Place(event=3, span=(318, 425)),
        exchange="text/streamed",
    )
    ids = Finding(code="id-changes", expected="c1", received="c2", at=Place(event=2, pointer="/id"), exchange="text/streamed")
    usage = Finding(
        code="not-a-number", expected="an integer", received='"9"', at=Place(pointer="/usage/prompt_tokens"), exchange="text/plain"
    )
    shape = Finding(
        code="no-error", expected="an object `error`", received='{"detail": …}', at=Place(pointer=""), exchange="refusal/temperature"
    )
    label = Finding(
        code="label", expected="text/event-stream", received="text/plain", at=Place(header="Content-Type"), exchange="text/other"
    )
    stopped = Finding(
        code="late", expected="a finish reason", received="null", at=Place(pointer="/choices/0/finish_reason"), exchange="text/plain"
    )
    return report(
        row(
            "ANSWER-FINISH",
            Outcome.FAIL,
            Level.MUST,
            Area.ANSWER,
            findings=[stopped],
            text="Every choice of a complete answer has a finish reason.",
        ),
        row("ANSWER-ID", Outcome.PASS, Level.MUST, Area.ANSWER, evidence=["text/plain", "text/other"], text="An answer has an id."),
        row(
            "ERRORS-ENVELOPE",
            Outcome.FAIL,
            Level.SHOULD,
            Area.ERRORS,
            findings=[shape],
            text="A refusal is a JSON object with a member `error`.",
            remedy="Clients read `error.message`; frameworks that answer with `detail` need an exception handler.",
        ),
        row("ERRORS-REQUEST-ID", Outcome.FAIL, Level.MAY, Area.ERRORS, findings=[label], text="An answer carries a request id."),
        row(
            "STREAM-DONE",
            Outcome.FAIL,
            findings=[done] * 7,
            remedy="Send `data: [DONE]` and a blank line after the last chunk. Clients wait for it.",
        ),
        row("STREAM-ID", Outcome.FAIL, findings=[ids], text="All chunks of one stream carry the same id."),
        row("STREAM-LABEL", Outcome.PASS, evidence=["text/streamed"], text="A stream is labelled text/event-stream."),
        row(
            "STREAM-TOOLS",
            Outcome.INAPPLICABLE,
            Level.SHOULD,
            reasons=["tools: refused with 400, not claimed"],
            text="Calls of tools arrive in pieces that add up to JSON.",
        ),
        row("STREAM-LOGPROBS", Outcome.NOT_RUN, Level.MAY, text="Log probabilities come with the token they belong to."),
        row("USAGE-TYPES", Outcome.FAIL, Level.MUST, Area.USAGE, findings=[usage], text="Counts of tokens are integers."),
        row(
            "USAGE-SUM",
            Outcome.INCONCLUSIVE,
            Level.MUST,
            Area.USAGE,
            reasons=["text/capped: answered 429"],
            text="The total is the sum of the parts.",
        ),
        row(
            "USAGE-STREAM",
            Outcome.ERROR,
            Level.SHOULD,
            Area.USAGE,
            reasons=["text/streamed: KeyError: 'usage'"],
            text="Usage arrives when it was asked for.",
        ),
        exchanges=[
            exchange("text/streamed", *STREAM, headers=(("Server", "toy"),)),
            exchange("text/plain", ANSWER, content_type="application/json", stream=False),
            exchange("text/other", *STREAM, b"data: [DONE]\n\n", content_type="text/plain"),
            exchange("text/cut", STREAM[0], fault=Fault(kind=FaultKind.TRUNCATED, detail="the body ended early")),
            exchange(
                "refusal/temperature",
                REFUSAL,
                status=422,
                body=b'{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":"hot","max_completion_tokens":1}',
                content_type="application/json",
                stream=False,
                violation=Violation(constraint="type", pointer="/temperature", clause="/x", sent='"hot"'),
            ),
        ],
        exclusions=(Exclusion(area=Area.ANSWER, clause="store", because="It needs an account that keeps completions."),),
    )


@pytest.fixture
def hostile() -> Report:
    """A target that puts everything dangerous everywhere it can."""
    found = Finding(
        code="odd",
        expected="calm",
        received=HOSTILE + "A" * 1_000_000,
        at=Place(pointer="/" + HOSTILE, header=HOSTILE),
        exchange="text/bad",
    )
    raw = HOSTILE.encode("utf-8", "surrogatepass")
    return report(
        row("STREAM-DONE", Outcome.FAIL, findings=[found] * 25),
        row("STREAM-ID", Outcome.FAIL, Level.MAY, findings=[found]),
        row("STREAM-ODD", Outcome.INCONCLUSIVE, reasons=[HOSTILE * 50]),
        row("STREAM-BUG", Outcome.ERROR, reasons=[HOSTILE]),
        row("STREAM-SKIP", Outcome.INAPPLICABLE, reasons=[HOSTILE]),
        exchanges=[
            exchange(
                "text/bad",
                b"data: " + raw + b"\xff\xfe" * 1000 + b"\n\n",
                raw * 2000,
                headers=tuple((f"X-{HOSTILE}", HOSTILE * 20) for _ in range(200)),
                body=raw,
                fault=Fault(kind=FaultKind.PROTOCOL, detail=HOSTILE),
            )
        ],
        constraints=(
            constraint(f"{HOSTILE} ≤ 2", HOSTILE * 20, status=200, owner="STREAM-DONE", fate=Fate(Effect.HONOURED, f"it was {HOSTILE}")),
        ),
        base_url="http://127.0.0.1/<script>alert(1)</script>",
        model=HOSTILE,
        selection=HOSTILE,
        footer=Footer(complete=False, reason=HOSTILE, exchanges=1, ended=1795000060.0),
    )


@pytest.fixture
def crowded() -> Report:
    """Five hundred failures, each with as many findings as are kept, each on an exchange of its own."""
    findings = [
        [Finding(code="odd", expected='"<' * 400, received='">' * 400, at=Place(event=1), exchange=f"case-{n}/{m}") for m in range(25)]
        for n in range(500)
    ]
    noisy = (b'data: {"id": "' + b'<&">' * 200 + b'"}\n\n') * 40
    return report(
        *(
            row(f"STREAM-CASE-{n}", Outcome.FAIL, list(Level)[n % 3], list(Area)[n % 5], findings=findings[n], remedy="Mend it. " * 20)
            for n in range(500)
        ),
        exchanges=[exchange(f"case-{n}/{m}", noisy) for n in range(500) for m in range(3)],
        constraints=tuple(
            constraint(f"field_{n} ≤ 2", '"hot"', "2.1", "99", status=200, streamed=400, owner=f"STREAM-CASE-{n}") for n in range(500)
        ),
    )


@pytest.fixture
def constrained() -> Report:
    """A server that lets through what it should refuse: one constraint of each kind of outcome, and many of one."""
    found = Finding(code="temperature/maximum", expected="refused with a 4xx", received="200", exchange="invalid/temperature/0")
    clamped = Fate(Effect.CLAMPED, "it was clamped to 20")
    lost = constraint("seed ≤ 9", "10")
    return report(
        row("REQUEST-RANGE", Outcome.FAIL, area=Area.VALIDATION, findings=[found], text="A number out of range is refused."),
        row("REQUEST-TYPE", Outcome.FAIL, Level.SHOULD, Area.VALIDATION, findings=[found] * 30, text="A wrong type is refused."),
        row("REQUEST-ENUM", Outcome.PASS, area=Area.VALIDATION, text="A word outside a vocabulary is refused."),
        constraints=(
            constraint("verbosity is one of low, high", '"chatty"', '"mute"', streamed=400, owner="REQUEST-ENUM"),
            *(constraint(f"member_{n} is of type string", "{}", status=200, owner="REQUEST-TYPE", level=Level.SHOULD) for n in range(20)),
            replace(lost, outcome=Outcome.INCONCLUSIVE),
            constraint("temperature ≤ 2", "2.0000001", "2.5", "1e308", status=200, streamed=200),
            constraint("top_logprobs ≤ 20", "21", status=200, fate=clamped),
            constraint("n ≤ 128", "129", status=200, streamed=400, owner="STREAM-ELSEWHERE"),
        ),
    )


@pytest.fixture
def make() -> Make:
    """Build a report from rows."""
    return report


@pytest.fixture
def cut_off() -> Report:
    """A run that was killed."""
    return report(row("STREAM-DONE", Outcome.INCONCLUSIVE, reasons=["text/streamed: not sent"]), footer=None)


@pytest.fixture
def hostile_text() -> str:
    """Everything that a renderer must not pass on."""
    return HOSTILE


@pytest.fixture(params=["typical", "constrained", "hostile", "crowded", "cut_off"])
def any_report(request: pytest.FixtureRequest) -> Report:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Report)
    return found
