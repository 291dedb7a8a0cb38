"""Judged runs made by hand, so that a renderer is tried without a record, a network or a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from conformance.contract import load
from conformance.gate import decide
from conformance.model import (
    Area,
    Chunk,
    Citation,
    Exchange,
    Expectation,
    Fault,
    Finding,
    Level,
    Outcome,
    Purpose,
    Sent,
    Tier,
    Verdict,
    Violation,
)
from conformance.overview.capabilities import Capability
from conformance.overview.constraints import ConstraintRow, Holder, Reaction, Treatment, Trial
from conformance.provenance import Footer, Header, Identity, Plan
from conformance.registry import Exclusion, Requirement
from conformance.report import Report, Row
from conformance.subjects.fate import Effect, Fate
from conformance.view import View

HOSTILE = "</script><script>alert(1)</script> [red]x[/red] \x1b[31m\x07 \u202egnp\u2066 a\0b \ud800 \ufffe \u2028 ]]> <!-- \" ' & 💥"


WHOLE = Footer(complete=True, reason="", exchanges=3, ended=1795000060.0)


def nothing(subject: object) -> Iterator[Finding]:
    """The check of a requirement that is never judged."""
    yield from ()


def requirement(
    identifier: str, level: Level = Level.MUST, area: Area = Area.STREAMING, *, text: str = "", remedy: str = ""
) -> Requirement:
    view: View[object] = View("anything", covers=lambda purpose: True, look=lambda asked: ())
    return Requirement(
        id=identifier,
        area=area,
        level=level,
        text=text or "The last event of a successful stream is `data: [DONE]`.",
        remedy=remedy,
        cites=(
            Citation(kind="contract", label="/x-stream/terminator"),
            Citation(kind="standard", label="HTML §9.2.6", url="https://html.spec.whatwg.org/#event-stream-interpretation"),
            Citation(kind="incident", label="owner/repo#123", url="https://github.com/owner/repo/issues/123"),
        ),
        since="2026-11-21",
        on=view,
        judge=nothing,
        module="conformance.requirements.streaming.ends",
        line=1,
    )


def exchange(
    key: str,
    *chunks: bytes,
    attempt: int = 1,
    status: int | None = 200,
    body: bytes = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}',
    content_type: str = "text/event-stream",
    headers: tuple[tuple[str, str], ...] = (),
    sent_headers: tuple[tuple[str, str], ...] = (("Authorization", "Bearer $CONFORMANCE_API_KEY"), ("Content-Type", "application/json")),
    fault: Fault | None = None,
    violation: Violation | None = None,
    stream: bool = True,
) -> Exchange:
    expect = Expectation.REFUSED if violation else Expectation.ACCEPTED
    return Exchange(
        purpose=Purpose(key=key, scenario=key.partition("/")[0], expect=expect, stream=stream, violation=violation),
        attempt=attempt,
        started=1795000000.0,
        sent=Sent(method="POST", url="http://127.0.0.1:8000/v1/chat/completions", headers=sent_headers, body=body),
        status=status,
        headers=(("Content-Type", content_type), *headers),
        head_at=0.12,
        chunks=tuple(Chunk(0.12 + 0.05 * n, data) for n, data in enumerate(chunks)),
        elapsed=0.12 + 0.05 * len(chunks),
        fault=fault,
    )


@dataclass
class Held:
    """Records in a dictionary."""

    exchanges: dict[str, tuple[Exchange, ...]] = field(default_factory=dict)

    def purpose(self, key: str) -> Purpose | None:
        return self.exchanges[key][0].purpose if key in self.exchanges else None

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        return self.exchanges.get(key, ())

    def keys(self) -> tuple[str, ...]:
        return tuple(self.exchanges)


def row(
    identifier: str,
    outcome: Outcome,
    level: Level = Level.MUST,
    area: Area = Area.STREAMING,
    *,
    findings: Sequence[Finding] = (),
    reasons: Sequence[str] = (),
    evidence: Sequence[str] = (),
    text: str = "",
    remedy: str = "",
) -> Row:
    failed = len(findings) if outcome is Outcome.FAIL else 0
    return Row(
        requirement=requirement(identifier, level, area, text=text, remedy=remedy),
        verdict=Verdict(
            requirement=identifier,
            level=level,
            outcome=outcome,
            findings=tuple(findings),
            passed=3 if outcome is Outcome.PASS else 0,
            failed=failed,
            lost=1 if outcome is Outcome.INCONCLUSIVE else 0,
            reasons=tuple(reasons),
            evidence=tuple(evidence),
        ),
    )


def treatment(key: str, status: int, *, fate: Fate | None = None) -> Treatment:
    """A refusal, a 5xx or, with status 200, an acceptance."""
    reaction = Reaction.REFUSED if 400 <= status < 500 else Reaction.SERVER_ERROR if status >= 500 else Reaction.ACCEPTED
    return Treatment(key=key, reaction=reaction, status=status, fate=fate or (Fate(Effect.UNKNOWN) if status == 200 else None))


def constraint(
    rule: str,
    *sent: str,
    status: int = 400,
    streamed: int | None = None,
    owner: str = "REQUEST-RANGE",
    level: Level = Level.MUST,
    fate: Fate | None = None,
    left_out: int = 0,
) -> ConstraintRow:
    """A constraint and what was sent against it, all of it answered with one status; the first with a stream as well."""
    pointer = f"/{rule.split(maxsplit=1)[0]}"
    held = 400 <= status < 500
    return ConstraintRow(
        rule=rule,
        pointer=pointer,
        constraint="maximum",
        clause=f"/components/schemas/Body/properties{pointer}/maximum",
        owner=Holder(requirement=owner, level=level),
        broken=() if held else (Holder(requirement=owner, level=level),),
        outcome=Outcome.PASS if held else Outcome.FAIL,
        trials=tuple(
            Trial(
                sent=value,
                whole=treatment(f"invalid{pointer}/{number}", status, fate=fate),
                streamed=treatment(f"invalid{pointer}/{number}/streamed", streamed) if streamed and not number else None,
            )
            for number, value in enumerate(sent)
        ),
        planned=len(sent) + left_out,
        requests=tuple(f"invalid{pointer}/{number}" for number in range(len(sent) + left_out)),
    )


def report(
    *rows: Row,
    exchanges: Sequence[Exchange] = (),
    footer: Footer | None = WHOLE,
    torn: bool = False,
    exclusions: tuple[Exclusion, ...] = (),
    constraints: tuple[ConstraintRow, ...] = (),
    capabilities: tuple[Capability, ...] = (),
    base_url: str = "http://127.0.0.1:8000/v1",
    model: str = "toy-model",
    selection: str = "",
) -> Report:
    held = Held()
    for each in exchanges:
        held.exchanges[each.purpose.key] = (*held.attempts(each.purpose.key), each)
    complete = footer is not None and footer.complete and not torn
    return Report(
        header=Header(
            suite_version="0.1.0",
            contract_revision="2026-11-21",
            contract_digest="c0ffee" * 10 + "1234",
            catalogue_digest="facade" * 10 + "5678",
            dialect=("openai", "openai-compatible"),
            target=Identity(base_url=base_url, model=model, key_variable="CONFORMANCE_API_KEY"),
            tier=Tier.GATE,
            seed=1,
            selection=selection,
            started=1795000000.0,
        ),
        contract=load(),
        plan=Plan(purposes=(), requests=40, billed=30, output_tokens=2000),
        footer=footer,
        torn=torn,
        gate=decide((r.verdict for r in rows), complete=complete, reason="interrupted"),
        rows=rows,
        constraints=constraints,
        capabilities=capabilities,
        exclusions=exclusions,
        records=held,
        requests=len(exchanges),
    )


STREAM = (
    b'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n',
    b'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n',
    b'data: {"id":"c2","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" there"}}]}\n\n',
    b'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
)

ANSWER = (
    b'{"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":null}],'
    b'"usage":{"prompt_tokens":"9","completion_tokens":1,"total_tokens":10}}'
)
REFUSAL = b'{"detail":"Internal validation problem"}'

Make = Callable[..., Report]
