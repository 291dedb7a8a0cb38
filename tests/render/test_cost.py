"""What a run took, counted in its record by what the target itself says."""

from __future__ import annotations

from conformance.render.cost import Cost, spent
from tests.render.runs import REFUSAL, STREAM, Make, exchange

COUNTED = b'{"id":"c1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":%s,"total_tokens":16}}'


def test_whole_and_streamed_answers_are_counted_and_refusals_are_not(make: Make) -> None:
    report = make(
        exchanges=[
            exchange("a/whole", COUNTED % b"7", content_type="application/json"),
            exchange("a/streamed", *STREAM, b"data: " + COUNTED % b"5" + b"\n\n", b"data: [DONE]\n\n"),
            exchange("a/refused", REFUSAL, status=422, content_type="application/json"),
        ]
    )
    assert spent(report) == Cost(completions=2, output_tokens=12, silent=0)


def test_of_a_running_count_the_last_is_taken(make: Make) -> None:
    running = exchange("a/streamed", *(b"data: " + COUNTED % b"%d" % count + b"\n\n" for count in (1, 2, 3)))
    assert spent(make(exchanges=[running])).output_tokens == 3


def test_an_answer_without_a_count_or_with_nonsense_for_one_is_silent(make: Make) -> None:
    nonsense = [b'"7"', b"-1", b"1e400", b"null", b"true", b"99999999999999999999", b"{"]
    report = make(exchanges=[exchange(f"a/{n}", COUNTED % text, content_type="application/json") for n, text in enumerate(nonsense)])
    assert spent(report) == Cost(completions=len(nonsense), output_tokens=0, silent=len(nonsense))
