"""A body is shown as far as it helps: what is wrong always, the rest until it is enough."""

from __future__ import annotations

from conformance.model import Place
from conformance.render.transcript import LINE, Mark, of_request, of_response, span
from tests.render.runs import ANSWER, STREAM, exchange


def mark(place: Place) -> tuple[Mark, ...]:
    return (Mark(requirement="STREAM-ID", at=place),)


def test_a_stream_is_shown_event_by_event_with_times() -> None:
    lines = of_response(exchange("a/b", *STREAM)).lines
    assert [one.label for one in lines] == ["#0", "#1", "#2", "#3"]
    assert [round(one.at or 0, 2) for one in lines] == [0.12, 0.17, 0.22, 0.27]
    assert lines[1].text == STREAM[1].decode().strip()


def test_the_event_that_a_finding_names_is_marked() -> None:
    lines = of_response(exchange("a/b", *STREAM), mark(Place(event=2, pointer="/id"))).lines
    assert [one.label for one in lines if one.marks] == ["#2"]


def test_bytes_lead_to_the_event_that_holds_them() -> None:
    start = len(STREAM[0]) + 3
    lines = of_response(exchange("a/b", *STREAM), mark(Place(span=(start, start + 1)))).lines
    assert [one.label for one in lines if one.marks] == ["#1"]


def test_what_follows_the_last_event_is_shown_as_the_rest() -> None:
    lines = of_response(exchange("a/b", *STREAM, b"data: unfini")).lines
    assert (lines[-1].label, lines[-1].text) == ("rest", "data: unfini")


def test_the_member_that_a_pointer_names_is_marked() -> None:
    body = of_response(exchange("a/b", ANSWER, content_type="application/json"), mark(Place(pointer="/usage/prompt_tokens")))
    assert [one.text.strip() for one in body.lines if one.marks] == ['"prompt_tokens": "9",']


def test_a_marked_event_is_shown_however_late_it_comes() -> None:
    many = [b'data: {"n": %d, "pad": "%s"}\n\n' % (n, b"x" * 100) for n in range(300)]
    body = of_response(exchange("a/b", *many), mark(Place(event=200)))
    assert [one.label for one in body.lines if one.marks] == ["#200"]
    assert body.lines[-1].label == "#299"
    assert body.shortened
    assert len(body.lines) < 60


def test_a_gap_says_how_much_it_leaves_out() -> None:
    many = [b"data: %s\n\n" % (b"x" * 200) for _ in range(100)]
    body = of_response(exchange("a/b", *many))
    shown = [one for one in body.lines if one.label]
    assert [one.text for one in body.lines if not one.label] == [f"… {100 - len(shown)} more …"]


def test_an_endless_line_an_endless_body_and_a_tower_of_brackets_are_bounded() -> None:
    for body in (b"A" * 3_000_000, b"A\n" * 300_000, b"[" * 500 + b"]" * 500, b"data: " + b"A" * 3_000_000, b"data: x\n\n" * 100_000):
        made = of_response(exchange("a/b", body))
        assert made.size == len(body)
        assert sum(len(one.text) for one in made.lines) < 20_000
        assert all(len(one.text) <= LINE + 40 for one in made.lines)


def test_nothing_is_said_to_be_shortened_that_is_whole() -> None:
    assert not of_request(b'{"model": "m"}').shortened
    assert of_request(b"").lines == () or of_request(b"").size == 0


def bytes_of(place: Place, *chunks: bytes, content_type: str = "text/event-stream") -> bytes | None:
    made = exchange("a/b", *chunks, content_type=content_type)
    found = span(made, place)
    return None if found is None else made.body[found[0] : found[1]]


def test_a_finding_leads_to_its_bytes() -> None:
    whole = Place(event=2)
    assert bytes_of(whole, *STREAM) == STREAM[2]
    assert bytes_of(Place(event=2, pointer="/id"), *STREAM) == b'"id":"c2"'
    assert bytes_of(Place(event=2, pointer="/choices/0/delta"), *STREAM) == b'"delta":{'
    assert bytes_of(Place(event=2, pointer="/not/there"), *STREAM) == STREAM[2]
    assert bytes_of(Place(span=(6, 10)), *STREAM) == STREAM[0][6:10]
    assert bytes_of(Place(pointer="/usage/prompt_tokens"), ANSWER, content_type="application/json") == b'"prompt_tokens":"9"'
    assert bytes_of(Place(header="Server"), *STREAM) is None


def test_bytes_are_counted_where_characters_are_several_of_them() -> None:
    body = '{"a":"žluťoučký","b":"ž"}'.encode()
    assert bytes_of(Place(pointer="/b"), body, content_type="application/json") == '"b":"ž"'.encode()


def test_an_event_that_is_no_json_is_shown_whole() -> None:
    assert bytes_of(Place(event=0, pointer="/id"), b"data: {oops\n\n") == b"data: {oops\n\n"
