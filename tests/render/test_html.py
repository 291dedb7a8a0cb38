"""The page: one file that says the verdict first, shows the evidence, and lets nothing of the target's act."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from conformance.model import Finding, Level, Outcome, Place
from conformance.provenance import Footer
from conformance.render import html
from conformance.report import Report
from tests.render.colours import contrast
from tests.render.runs import HOSTILE, Make, exchange, row

VOID = {"meta", "input", "link", "br", "hr", "img"}
RAW = {"script", "style"}


class Page(HTMLParser):
    """Reads a page, insists on balance, and keeps what a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.seen: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> in the wrong place"

    def handle_data(self, data: str) -> None:
        if not {"script", "style", "title"} & set(self.open):
            self.seen.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.seen).split())


def test_it_is_the_same_to_the_byte_when_made_twice(any_report: Report) -> None:
    assert html.render(any_report) == html.render(any_report)


def test_it_is_well_formed_and_every_anchor_is_there_once(any_report: Report) -> None:
    page = Page(html.render(any_report))
    assert len(page.ids) == len(set(page.ids))
    for tag, attributes in page.tags:
        target = attributes.get("href") or ""
        if tag == "a" and target.startswith("#"):
            assert target[1:] in page.ids


def test_it_loads_nothing(any_report: Report) -> None:
    page = Page(html.render(any_report))
    assert not {tag for tag, _ in page.tags} & {
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "video",
        "use",
        "image",
        "foreignobject",
    }
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "style", "action"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert tag == "a" or "href" not in attributes
    assert "url(" not in html.render(any_report)


def test_only_our_style_and_our_script_are_allowed(any_report: Report) -> None:
    text = html.render(any_report)
    policy = next(a["content"] or "" for t, a in Page(text).tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        found = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(found) == 1
        assert base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode() in policy


def test_nothing_of_the_targets_acts(hostile: Report) -> None:
    text = html.render(hostile)
    page = Page(text)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "alert(1)" in page.text
    assert "<script>alert" not in text
    text.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\ud800-\udfff]", text)


def test_a_citation_that_is_no_web_address_is_no_link(make: Make) -> None:
    from dataclasses import replace

    from conformance.model import Citation

    one = row("STREAM-DONE", Outcome.PASS)
    odd = Citation(kind="standard", label="odd", url="javascript:alert(1)")
    page = html.render(make(replace(one, requirement=replace(one.requirement, cites=(odd,)))))
    assert "javascript:" not in page


def test_five_hundred_failures_stay_below_two_megabytes(crowded: Report) -> None:
    text = html.render(crowded)
    assert len(text.encode()) < 2_000_000
    assert text.count('<details class="row"') == 500


def test_one_failure_on_a_bottomless_body_stays_small(hostile: Report) -> None:
    assert len(html.render(hostile).encode()) < 300_000


def test_the_first_screen_says_verdict_subject_and_what_was_not_tested(typical: Report) -> None:
    text = Page(html.render(typical)).text
    first = text[: text.index("Failures: MUST")]
    for said in (
        typical.gate.sentence,
        "Exit status 1: violations",
        "http://127.0.0.1:8000/v1",
        "toy-model",
        "openai → openai-compatible",
        typical.contract.digest[:12],
        "facadefacade",
        "gate, 1",
        "5 sent; planned: at most 40, repeats of lost answers apart",
        "1 output tokens reported, 3 answers without a count; planned: at most 30 billed completions and 2,000 output tokens",
        "inapplicable: STREAM-TOOLS , tools: refused with 400, not claimed",
        "2026-11-18 11:06:40 UTC",
        "Not tested : 1 not run, 1 inapplicable, 1 clause knowingly left out.",
    ):
        assert said in first


def test_no_percentage_is_anywhere(typical: Report) -> None:
    assert "%" not in Page(html.render(typical)).text


@pytest.mark.parametrize(
    ("footer", "torn", "said"),
    [
        (None, False, "the record has no end"),
        (Footer(complete=True, reason="", exchanges=1, ended=0.0), True, "breaks off in the middle of a line"),
        (Footer(complete=False, reason="interrupted", exchanges=1, ended=0.0), False, "interrupted"),
    ],
)
def test_a_run_that_is_not_whole_says_so_before_anything_else(make: Make, footer: Footer | None, torn: bool, said: str) -> None:
    text = Page(html.render(make(row("STREAM-DONE", Outcome.PASS), footer=footer, torn=torn))).text
    assert text.startswith("Incomplete run:")
    assert said in text[:120]


@pytest.mark.parametrize(("reason", "said"), [("is the port right?", "right? What"), ("stopped", "stopped. What"), ("lost.", "lost. What")])
def test_a_reason_ends_with_one_mark(make: Make, reason: str, said: str) -> None:
    footer = Footer(complete=False, reason=reason, exchanges=0, ended=0.0)
    assert said in Page(html.render(make(row("STREAM-DONE", Outcome.PASS), footer=footer))).text


def test_failures_come_first_and_by_level(typical: Report) -> None:
    page = Page(html.render(typical))
    headings = [
        "must-failures",
        "should-failures",
        "observations",
        "errors",
        "inconclusive",
        "passed",
        "not-tested",
        "inapplicable",
        "not-run",
        "excluded",
    ]
    assert [i for i in page.ids if i in headings] == headings


def test_a_failing_row_opens_to_all_that_is_needed(typical: Report) -> None:
    text = html.render(typical)
    start = text.index('id="STREAM-DONE"')
    opened = Page(text[start - len('<div class="inside" ') : text.index('</details>\n<details class="row"', start)]).text
    for said in (
        "Contract /x-stream/terminator The last event of a successful stream has the data [DONE]",
        "Standards HTML §9.2.6",
        "Incidents owner/repo#123",
        "4 events in 4 reads",
        "Marked: #2 at 0.220 s, #3 at 0.270 s.",
        "0000013",
        "Expected [DONE]",
        "Where text/streamed , event 3, bytes 318 to 425 no-done",
        "--only STREAM-DONE",
        "Send data: [DONE] and a blank line",
    ):
        assert said in opened


def table(page: str, title: str) -> Page:
    """One table of constraints."""
    start = page.index(f"<summary><h3>{title} ")
    return Page(page[start : page.index("</details>", start)])


def test_constraints_are_told_value_by_value_failing_ones_first(constrained: Report) -> None:
    page = html.render(constrained)
    assert page.index("<h3>Not held ") < page.index("<h3>Open ") < page.index("<h3>Held ")
    failing = table(page, "Not held").text
    assert failing.index("temperature ≤ 2") < failing.index("member_0 is of type string")
    for said in (
        "✕ FAIL temperature ≤ 2 Body/properties/temperature/maximum not refused, streamed as well: 2.0000001 ; not refused: 2.5, 1e308",
        "top_logprobs ≤ 20 Body/properties/top_logprobs/maximum not refused, clamped to 20: 21 MUST REQUEST-RANGE",
        "not refused; streamed: refused with 400: 129",
    ):
        assert said in failing
    assert "seed ≤ 9" in table(page, "Open").text
    assert 'refused with 400, streamed as well: "chatty" ; refused with 400: "mute"' in table(page, "Held").text


def test_a_constraint_leads_to_its_requirement_where_the_page_has_it(constrained: Report) -> None:
    found = table(html.render(constrained), "Not held")
    assert {attributes["href"] for tag, attributes in found.tags if tag == "a"} == {"#REQUEST-RANGE", "#REQUEST-TYPE"}
    assert "STREAM-ELSEWHERE" in found.text


def test_what_holds_and_what_is_long_is_opened_on_demand(constrained: Report, crowded: Report) -> None:
    def opened(report: Report) -> list[bool]:
        return ["open" in attributes for tag, attributes in Page(html.render(report)).tags if attributes.get("class") == "constraints"]

    assert opened(constrained) == [True, True, False]
    assert opened(crowded) == [False]


def test_constraints_can_be_filtered_like_requirements(constrained: Report) -> None:
    tags = Page(html.render(constrained)).tags
    rows = [attributes for _, attributes in tags if attributes.get("class") == "constraint"]
    assert len(rows) == len(constrained.constraints)
    assert {attributes["data-level"] for attributes in rows} == {"must", "should"}
    held = [attributes for _, attributes in tags if attributes.get("data-outcome") == "pass" and attributes.get("class") == "constraints"]
    assert len(held) == 1


def test_a_run_that_broke_no_constraint_has_no_such_section(typical: Report) -> None:
    assert "Constraints of the request" not in html.render(typical)


def test_what_is_wrong_everywhere_in_the_same_way_is_said_once(make: Make) -> None:
    found = [Finding(code="no-done", expected="[DONE]", received="nothing", at=Place(event=n), exchange=f"text/{n}") for n in range(9)]
    other = Finding(code="no-done", expected="[DONE]", received="[done]", exchange="text/10")
    text = Page(html.render(make(row("STREAM-DONE", Outcome.FAIL, findings=[*found, other])))).text
    assert text.count("Received nothing") == 1
    assert "text/3 , event 3 and at 5 more places" in text
    assert text.count("Received [done]") == 1


def test_findings_beyond_the_first_few_are_counted(make: Make) -> None:
    found = [Finding(code="odd", expected="x", received=str(n), exchange="text/1") for n in range(25)]
    assert "20 more recorded, in summary.json." in Page(html.render(make(row("STREAM-DONE", Outcome.FAIL, findings=found)))).text


def test_every_code_is_named_with_its_count(make: Make) -> None:
    found = [Finding(code=code, expected="x", received="y", exchange="text/1") for code in ("n/type", "stop/type")]
    failed = row("REQUEST-TYPE", Outcome.FAIL, findings=found)
    counted = replace(failed, verdict=replace(failed.verdict, codes=(("n/type", 3), ("stop/type", 1))))
    assert "All that was found, by code: n/type (3 times), stop/type." in Page(html.render(make(counted))).text


def test_an_exchange_is_shown_once_and_marked_for_all(typical: Report) -> None:
    text = html.render(typical)
    assert text.count('id="x-text-streamed"') == 1
    page = Page(text)
    assert "◀ STREAM-DONE" in page.text
    assert "◀ STREAM-ID" in page.text
    assert "◀ wrong on purpose" in page.text
    assert "$CONFORMANCE_API_KEY" in page.text


def test_a_pass_says_what_it_rests_on(typical: Report) -> None:
    text = Page(html.render(typical)).text
    assert "3 held" in text
    assert "Seen on text/plain" in text


def test_what_passed_is_shown_at_a_glance_and_what_failed_in_full(make: Make) -> None:
    long = [b'data: {"n": %d, "pad": "%s"}\n\n' % (n, b"x" * 60) for n in range(60)]
    sent = exchange("text/long", *long)
    found = Finding(code="odd", expected="x", received="y", at=Place(event=30), exchange="text/long")
    failed = Page(html.render(make(row("STREAM-A", Outcome.FAIL, findings=[found]), exchanges=[sent])))
    passed = Page(html.render(make(row("STREAM-A", Outcome.PASS, evidence=["text/long", "text/other"]), exchanges=[sent])))
    assert len(passed.text) < len(failed.text)
    assert [attributes["id"] for tag, attributes in passed.tags if attributes.get("class") == "both"] == ["x-text-long"]
    assert "text/other" in passed.text


def test_the_bytes_of_a_member_are_marked(typical: Report) -> None:
    text = html.render(typical)
    row_of_usage = text[text.index('id="USAGE-TYPES"') :]
    dump = row_of_usage[row_of_usage.index('<div class="hex"') : row_of_usage.index("</pre></div>")]
    marked = "".join(re.findall(r"<mark>((?:[0-9a-f]{2} )+)</mark>", dump))
    assert bytes.fromhex(marked) == b'"prompt_tokens":"9"'


def test_headings_do_not_skip_a_level(any_report: Report) -> None:
    levels = [int(tag[1]) for tag, _ in Page(html.render(any_report)).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_table_says_what_its_headers_are_for(any_report: Report) -> None:
    assert all(attributes.get("scope") for tag, attributes in Page(html.render(any_report)).tags if tag == "th")


def test_a_page_has_its_landmarks_once(any_report: Report) -> None:
    tags = [tag for tag, _ in Page(html.render(any_report)).tags]
    assert [tags.count(each) for each in ("header", "main", "nav", "footer", "form")] == [1, 1, 1, 1, 1]


def test_a_run_against_the_embedded_server_is_asked_again_without_its_port(make: Make) -> None:
    report = make(row("STREAM-DONE", Outcome.PASS))
    gone = replace(report, header=replace(report.header, embedded=True))
    assert "conformance run --only STREAM-DONE" in Page(html.render(gone)).text


def test_a_broken_transport_is_told(make: Make) -> None:
    from conformance.model import Fault, FaultKind

    found = Finding(code="cut", expected="an end", received="none", exchange="text/cut")
    cut = exchange("text/cut", b"data: x\n\n", fault=Fault(kind=FaultKind.TRUNCATED, detail="the body ended early"))
    text = Page(html.render(make(row("STREAM-END", Outcome.FAIL, findings=[found]), exchanges=[cut]))).text
    assert "Transport failed. truncated: the body ended early" in text


def test_a_finding_without_its_exchange_is_still_shown(make: Make) -> None:
    found = Finding(code="gone", expected="x", received=HOSTILE, exchange="not/recorded")
    assert "not/recorded" in Page(html.render(make(row("STREAM-END", Outcome.FAIL, Level.SHOULD, findings=[found])))).text


def test_a_run_without_a_single_verdict_is_a_page_too(make: Make) -> None:
    assert "No requirement was judged." in Page(html.render(make())).text


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_colour_can_be_read(typical: Report, scheme: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", html.render(typical), re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[scheme]))
    for ink in ("ink", "quiet", "link", "pass", "fail", "open", "error", "none"):
        grounds = ["page", "raised", "sunken"] + ([f"{ink}-tint"] if f"{ink}-tint" in colours else [])
        for ground in grounds:
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast(colours["ink"], colours["open-tint"]) >= 4.5
    assert contrast(colours["quiet"], colours["open-tint"]) >= 4.5
