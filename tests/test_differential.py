"""Which hop is to blame: an upstream, or the gateway before it."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.comparing.differential import Blame, Differential, differential
from conformance.gate import ExitStatus
from conformance.model import Finding, Level, Outcome
from conformance.reference import launch
from conformance.reference.service import MODEL
from conformance.report import Report
from tests.running import Ended, command
from tests.servers import Connection, Handler, serving
from tests.test_comparison import run

# Pure


def hop(outcome: Outcome, *codes: str, lost: int = 0, level: Level = Level.MUST) -> Report:
    """A run in which the first requirement came to this; the second one held."""
    report = run(outcome, Outcome.PASS)
    first, *others = report.rows
    findings = tuple(Finding(code=code, expected="this", received="that", exchange="door/path") for code in codes)
    verdict = replace(first.verdict, findings=findings, codes=tuple((code, 1) for code in codes), lost=lost, level=level)
    return replace(report, rows=(replace(first, verdict=verdict), *others))


def blames(found: Differential) -> dict[str, Blame]:
    return {each.code: each.blame for each in found.failures}


F, P, Q = Outcome.FAIL, Outcome.PASS, Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("upstream", "gateway", "told", "status"),
    [
        (hop(P), hop(P), {}, 0),
        (hop(P), hop(F, "a"), {"a": Blame.GATEWAY}, 1),
        (hop(F, "a"), hop(F, "a"), {"a": Blame.UPSTREAM}, 0),
        (hop(F, "a"), hop(P), {"a": Blame.MENDED}, 0),
        (hop(F, "a"), hop(F, "a", "b"), {"a": Blame.UPSTREAM, "b": Blame.GATEWAY}, 1),
        (hop(F, "a", "b"), hop(F, "b"), {"b": Blame.UPSTREAM, "a": Blame.MENDED}, 0),
        # What was lost at the upstream may have failed there as well.
        (hop(F, "a", lost=1), hop(F, "a", "b"), {"a": Blame.UPSTREAM, "b": Blame.UNTOLD}, 2),
        (hop(Q, lost=1), hop(F, "a"), {"a": Blame.UNTOLD}, 2),
        (hop(Outcome.INAPPLICABLE), hop(F, "a"), {"a": Blame.UNTOLD}, 2),
        (hop(F, "a"), hop(Outcome.NOT_RUN), {"a": Blame.UNTOLD}, 0),
        (hop(P), hop(Q, lost=1), {}, 2),
        (hop(Q, lost=1), hop(Q, lost=1), {}, 0),
        (hop(P), hop(F, "a", level=Level.SHOULD), {"a": Blame.GATEWAY}, 0),
        (hop(Outcome.ERROR), hop(P), {}, 3),
    ],
)
def test_blame_is_told_by_code(upstream: Report, gateway: Report, told: dict[str, Blame], status: int) -> None:
    found = differential(upstream, gateway)
    assert blames(found) == told
    assert found.gate.status == status


def test_any_failure_can_be_made_to_decide() -> None:
    assert differential(hop(F, "a"), hop(F, "a"), blame_any=True).gate.status is ExitStatus.VIOLATIONS
    assert differential(hop(F, "a"), hop(P), blame_any=True).gate.status is ExitStatus.CONFORMS
    should = hop(F, "a", level=Level.SHOULD)
    assert differential(hop(P), should, strict=True).gate.status is ExitStatus.VIOLATIONS


@pytest.mark.parametrize("cut", ["upstream", "gateway"])
def test_a_hop_that_was_not_tested_is_never_green(cut: str) -> None:
    hops = {"upstream": hop(P), "gateway": hop(P)}
    hops[cut] = replace(hops[cut], plan=None)
    found = differential(hops["upstream"], hops["gateway"])
    assert found.gate.status is ExitStatus.NOT_JUDGED
    assert f"The {cut} could not be tested to the end." in found.gate.sentence


# A small gateway that does one thing wrong


def gateway(upstream: str) -> Handler:
    """Passes everything on, and forgets the line that ends a stream."""
    place = upstream.removeprefix("http://").partition("/")[0]

    def handle(connection: Connection) -> None:
        method, path, _ = connection.head.decode("latin-1").split("\r\n")[0].split(" ")
        behind = http.client.HTTPConnection(place, timeout=20)
        try:
            sent = {name: value for name, value in connection.headers.items() if name not in {"host", "content-length", "connection"}}
            behind.request(method, path, body=connection.body or None, headers=sent)
            answer = behind.getresponse()
            body = answer.read().replace(b"data: [DONE]\n\n", b"")
        finally:
            behind.close()
        kept = [
            (name, value)
            for name, value in answer.getheaders()
            if name.lower() not in {"transfer-encoding", "content-length", "connection"}
        ]
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in kept), f"Content-Length: {len(body)}"]
        connection.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (b"" if method == "HEAD" else body))

    return handle


ONLY = ("--only", "STREAM-DONE,STREAM-OBJECT,ANSWER-OBJECT", "--tier", "smoke")


@contextmanager
def hops(defect: str) -> Iterator[tuple[str, str]]:
    with launch.Embedded(launch.Options(defect=defect)) as upstream, serving(gateway(upstream.base_url)) as before:
        yield upstream.base_url, before.url


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """An upstream that calls its answers something else, behind a gateway that loses the end of streams."""
    with hops("object-wrong") as (upstream, before):
        given = ("--upstream", upstream, "--gateway", before, "--model", MODEL, *ONLY)
        return command("differential", *given, cwd=tmp_path_factory.mktemp("broken"))


def test_each_failure_is_laid_at_the_hop_that_makes_it(broken: Ended) -> None:
    assert broken.status == 1, broken.said
    assert "The gateway's: STREAM-DONE (MUST)" in broken.out
    assert "The upstream's: ANSWER-OBJECT (MUST)" in broken.out
    assert "1 MUST failures are the gateway's, 1 the upstream's; 0 of the upstream's are mended, 0 cannot be told." in broken.out
    assert "Exit status 1: violations." in broken.out


def test_the_page_links_to_both_rows(broken: Ended) -> None:
    page = (broken.folder / "differential.html").read_text("utf-8")
    assert 'href="gateway/report.html#STREAM-DONE"' in page
    assert 'href="upstream/report.html#STREAM-DONE"' not in page
    for hop_ in ("upstream", "gateway"):
        assert f'href="{hop_}/report.html#ANSWER-OBJECT"' in page
        assert 'id="ANSWER-OBJECT"' in (broken.folder / hop_ / "report.html").read_text("utf-8")


def test_saved_runs_are_compared_without_asking_anybody(broken: Ended, tmp_path: Path) -> None:
    runs = ("--upstream", str(broken.folder / "upstream"), "--gateway", str(broken.folder / "gateway"))
    again = command("differential", *runs, cwd=tmp_path)
    assert again.status == 1, again.said
    assert again.out.splitlines()[:-1] == broken.out.splitlines()[:-1]
    turned = command("differential", "--upstream", runs[3], "--gateway", runs[1], cwd=tmp_path)
    assert turned.status == 0, turned.said
    assert "The gateway adds nothing: 0 MUST failures are the gateway's, 1 the upstream's; 1 of the upstream's are mended" in turned.out
    anyone = command("differential", "--upstream", runs[3], "--gateway", runs[1], "--blame", "any", cwd=tmp_path)
    assert anyone.status == 1


def test_hops_have_names_of_their_own_for_the_model(tmp_path: Path) -> None:
    with hops("") as (upstream, before):
        given = ("--upstream", upstream, "--gateway", before, "--upstream-model", MODEL, "--gateway-model", "vendor/none", *ONLY)
        ended = command("differential", *given, cwd=tmp_path)
    assert ended.status == 2, ended.said
    assert "The gateway could not be tested to the end." in ended.out
    assert "Gateway: Could not be tested. The target does not know the model 'vendor/none'" in ended.err


def test_everything_is_checked_before_anybody_is_asked(tmp_path: Path) -> None:
    ended = command("differential", "--upstream", "http://127.0.0.1:9/v1", "--gateway", "ftp://nowhere", "--model", "m", cwd=tmp_path)
    assert ended.status == 4
    assert "does not start with http" in ended.err
    assert not ended.output.exists()
