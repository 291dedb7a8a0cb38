"""Captured traffic becomes a record: what is taken of a file, what is left out and why, and what is marked as not recorded."""

from __future__ import annotations

import base64
import copy
import gzip
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import contract, registry
from conformance.errors import ConfigurationError, RecordError
from conformance.imports import importing, source
from conformance.model import Detail, Exchange
from conformance.provenance import Header, Imported
from conformance.record.runlog import Record

URL = "https://gateway.example/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
SAID = '{"id":"c","object":"chat.completion","created":1795000000,"model":"m","choices":[]}'
STREAM = 'data: {"id":"c","choices":[]}\n\ndata: [DONE]\n\n'
UNKNOWN = frozenset({Detail.PURPOSE, Detail.HEADERS, Detail.KEY})
"""What no capture has."""


def entry(
    text: str | None = SAID,
    *,
    status: int = 200,
    method: str = "POST",
    url: str = URL,
    asked: Any = ASKED,
    headers: dict[str, str] | None = None,
    **content: Any,
) -> dict[str, Any]:
    """A HAR entry."""
    sent = {"postData": {"mimeType": "application/json", "text": json.dumps(asked)}} if asked is not None else {}
    known = {"content-type": "application/json"} if headers is None else headers
    return {
        "startedDateTime": "2026-11-18T11:06:40.000Z",
        "time": 250,
        "request": {"method": method, "url": url, "headers": [{"name": ":authority", "value": "gateway.example"}], **sent},
        "response": {
            "status": status,
            "headers": [{"name": name, "value": value} for name, value in known.items()],
            "content": {"mimeType": "", **({} if text is None else {"text": text}), **content},
        },
    }


def har(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"log": {"creator": {"name": "Recorder", "version": "3.1"}, "entries": entries}}).encode()


def line(**more: Any) -> dict[str, Any]:
    """A line of an access log."""
    made: dict[str, Any] = {
        "request": {"url": URL, "body": ASKED},
        "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": SAID},
    }
    return {**made, **more}


def log(*lines: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


def recorded(folder: Path, data: bytes, name: str = "traffic.har", *, skip: bool = False, **how: Any) -> tuple[Header, list[Exchange]]:
    """Import a file, and read the record that it becomes."""
    (folder / name).write_bytes(data)
    return kept(folder, folder / name, skip=skip, **how)


def kept(folder: Path, path: Path, *, skip: bool = False, **how: Any) -> tuple[Header, list[Exchange]]:
    made = folder / "made" / "run.jsonl"
    captured = source.read(path, skip=skip)
    importing.record(captured, made, source=source.name(path), contract=contract.load(), catalogue=registry.load(), **how)
    with Record.open(made) as record:
        assert record.complete
        assert record.plan is None
        return record.header, list(record.exchanges())


def imported(header: Header) -> Imported:
    assert header.imported is not None
    return header.imported


# HAR


def test_an_entry_of_a_har_file_becomes_an_exchange(tmp_path: Path) -> None:
    header, (exchange,) = recorded(tmp_path, har(entry()))
    assert imported(header) == Imported(source="traffic.har", form="HAR", tool="Recorder 3.1", taken=1)
    assert (header.target.base_url, header.target.model) == ("https://gateway.example/v1", "m")
    assert exchange.body == SAID.encode()
    assert json.loads(exchange.sent.body) == ASKED
    assert (exchange.status, exchange.media_type, exchange.elapsed) == (200, "application/json", 0.25)
    assert exchange.started == header.started == 1795000000.0
    assert exchange.lacks == UNKNOWN | {Detail.ARRIVAL, Detail.CLOSE}


def test_what_is_no_chat_completion_is_counted_and_left_out(tmp_path: Path) -> None:
    others = [entry(url="https://gateway.example/v1/models", method="GET"), entry(method="OPTIONS"), entry(url=URL + "/c1")]
    header, exchanges = recorded(tmp_path, har(entry(), *others))
    assert (len(exchanges), imported(header).others) == (1, 3)


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (entry(None), "does not hold the body of the answer"),
        (entry(""), "does not hold the body of the answer"),
        (entry(asked=None), "does not hold the body of the request"),
        (entry(status=0), "no answer came"),
        (entry(status=-1), "no answer came"),
        (entry("\ufffd\ufffd\0", headers={"content-encoding": "br"}), "compressed"),
        (entry("<html>Please log in</html>"), "web page"),
        (entry("<html>Attention required</html>", status=403), "web page"),
        (entry("upstream says no", status=401), "in between"),
        (entry('{"detail":"Not Found"}', status=404), "no such endpoint"),
    ],
)
def test_what_cannot_be_judged_is_left_out_with_the_reason(tmp_path: Path, odd: dict[str, Any], reason: str) -> None:
    header, exchanges = recorded(tmp_path, har(entry(), odd))
    ((told, number),) = imported(header).left_out
    assert (len(exchanges), number) == (1, 1)
    assert reason in told


def test_base64_is_bytes_as_they_came_and_text_beyond_ascii_is_not(tmp_path: Path) -> None:
    said = SAID.replace('"m"', '"mé"')
    _, (encoded,) = recorded(tmp_path, har(entry(base64.b64encode(said.encode()).decode(), encoding="base64")))
    assert encoded.body == said.encode()
    assert Detail.BYTES not in encoded.lacks
    (tmp_path / "other").mkdir()
    _, (text,) = recorded(tmp_path / "other", har(entry(said)))
    assert Detail.BYTES in text.lacks


def test_a_body_that_was_kept_as_it_was_packed_is_unpacked(tmp_path: Path) -> None:
    packed = base64.b64encode(gzip.compress(SAID.encode())).decode()
    _, (exchange,) = recorded(tmp_path, har(entry(packed, encoding="base64", headers={"content-encoding": "gzip"})))
    assert exchange.body == SAID.encode()
    assert exchange.header("content-encoding") is None


@pytest.mark.parametrize(
    ("given", "whole", "known"),
    [
        (entry(STREAM), False, True),
        (entry(STREAM.rstrip()), False, True),
        (entry(STREAM.replace("data: [DONE]\n\n", "")), False, False),
        (entry(STREAM.replace("data: [DONE]\n\n", "")), True, True),
        (entry(STREAM.replace("data: [DONE]\n\n", ""), size=4000), True, False),
        (entry(SAID[:-9]), False, False),
        (entry("no JSON", status=500, headers={"Content-Length": "7"}), False, True),
        (entry("no JSON", status=500, headers={"Content-Length": "7", "content-encoding": "gzip"}), False, False),
    ],
)
def test_an_answer_is_whole_by_its_last_word_by_its_length_or_by_the_word_of_the_user(
    tmp_path: Path, given: dict[str, Any], whole: bool, known: bool
) -> None:
    _, (exchange,) = recorded(tmp_path, har(given), whole=whole)
    assert (Detail.END not in exchange.lacks) is known
    assert Detail.CLOSE in exchange.lacks


def test_a_tool_that_says_the_answer_was_broken_off_is_believed(tmp_path: Path) -> None:
    given = entry(STREAM.replace("data: [DONE]\n\n", ""))
    given["response"]["_error"] = "net::ERR_ABORTED"
    _, (exchange,) = recorded(tmp_path, har(given), whole=True)
    assert Detail.END in exchange.lacks


def test_the_media_type_is_known_from_the_header_or_from_the_tool(tmp_path: Path) -> None:
    given = [entry(headers={}, mimeType="text/event-stream; charset=utf-8"), entry(headers={}, mimeType="x-unknown")]
    _, (named, nameless) = recorded(tmp_path, har(*given))
    assert named.media_type == "text/event-stream"
    assert Detail.LABEL not in named.lacks
    assert Detail.LABEL in nameless.lacks


@pytest.mark.parametrize("broken", [{}, {"request": {"method": "POST", "url": URL}}, {"request": {"url": 5}, "response": {"status": 200}}])
def test_an_entry_that_is_none_is_named_or_counted(tmp_path: Path, broken: dict[str, Any]) -> None:
    data = har(entry(), broken)
    with pytest.raises(RecordError, match="entry 2 is no exchange"):
        recorded(tmp_path, data)
    header, exchanges = recorded(tmp_path, data, skip=True)
    assert (len(exchanges), imported(header).unreadable) == (1, 1)


# Access logs


def test_a_line_of_a_log_becomes_an_exchange(tmp_path: Path) -> None:
    header, (exchange,) = recorded(tmp_path, log(line(started=1795000000, elapsed=2, complete=True)), "access.jsonl")
    assert imported(header).form == "JSONL"
    assert json.loads(exchange.sent.body) == ASKED
    assert (exchange.body, exchange.started, exchange.elapsed) == (SAID.encode(), 1795000000.0, 2.0)
    assert exchange.lacks == UNKNOWN | {Detail.ARRIVAL}


def test_chunks_have_the_times_at_which_they_came(tmp_path: Path) -> None:
    answer = {"status": 200, "headers": [["content-type", "text/event-stream"]], "chunks": [[0.1, STREAM[:20]], [0.4, STREAM[20:]]]}
    _, (exchange,) = recorded(tmp_path, log(line(response=answer)), "access.jsonl")
    assert [chunk.at for chunk in exchange.chunks] == [0.1, 0.4]
    assert exchange.body == STREAM.encode()
    assert exchange.elapsed == 0.4
    assert exchange.lacks == UNKNOWN | {Detail.START, Detail.CLOSE}


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (b"not JSON\n", "not JSON"),
        (log({"request": {}, "response": {"status": 200}}), "no request.url"),
        (log({"request": {"url": URL}}), "no response.status"),
        (log(line(response={"status": 200, "body": {"id": "c"}})), "JSON that was read"),
        (log(line(response={"status": 200, "chunks": [["0.1", "x"]]})), "no pair"),
        (log(line(response={"status": 200, "chunks": [[2, "x"], [1, "y"]]})), "order of time"),
        (log(line(response={"status": 200, "body_base64": "?"})), "no base64"),
        (log(line(request={"url": URL, "headers": [1]})), "headers"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_or_counted(tmp_path: Path, odd: bytes, said: str) -> None:
    data = log(line()) + b"\n" + odd
    with pytest.raises(RecordError, match=rf"line 3 is no exchange.*{said}"):
        recorded(tmp_path, data, "access.jsonl")
    header, exchanges = recorded(tmp_path, data, "access.jsonl", skip=True)
    assert (len(exchanges), imported(header).unreadable) == (1, 1)


# Whatever stands in it

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["base64", "POST", URL, "https://[::1/chat/completions", "\ud800", "2026-13-45T00:00:00Z", "gzip"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "value", "text", "url", "body"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, each in inner for place in places(each, (*path, name)))]


def put(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """The same value with another one at a place."""
    if not path:
        return other
    made = copy.deepcopy(value)
    holder = made
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = other
    return made


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_whatever_stands_in_a_capture_ends_in_a_record_or_in_words(data: st.DataObject) -> None:
    started = 1795000000
    form = data.draw(
        st.sampled_from([entry(STREAM, _error="x"), line(started=started, elapsed=1, response={"status": 200, "chunks": [[0.1, SAID]]})])
    )
    form = put(form, data.draw(st.sampled_from(places(form))), data.draw(ANYTHING))
    is_har = "startedDateTime" in form if isinstance(form, dict) else False
    with tempfile.TemporaryDirectory() as folder:
        try:
            recorded(Path(folder), json.dumps({"log": {"entries": [form]}} if is_har else form).encode(), "traffic")
        except (RecordError, ConfigurationError) as error:
            assert error.message


# Files


def test_compressed_files_folders_and_standard_input_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    (folder / "a.har").write_bytes(b"\xef\xbb\xbf" + har(entry()))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(log(line(), line())))
    (folder / "notes.txt").write_text("not traffic")
    header, exchanges = kept(tmp_path / "folder", folder)
    assert len(exchanges) == 3
    assert (imported(header).form, imported(header).source) == ("HAR, JSONL", "captures")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(log(line()))))
    header, exchanges = kept(tmp_path / "piped", Path("-"))
    assert (len(exchanges), imported(header).source) == (1, "standard input")


@pytest.mark.parametrize("data", [b"", b"  \n", b"%PDF-1.7", b"[1, 2]", b'{"log": {}}', b"\x1f\x8bbroken", b"[" * 100_000, b'{"a":NaN}'])
def test_what_is_no_capture_is_refused_in_words(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(RecordError):
        recorded(tmp_path, data)


def test_traffic_of_several_endpoints_is_judged_one_by_one(tmp_path: Path) -> None:
    data = har(entry(), entry(), entry(url="https://other.example/openai/deployments/d/chat/completions?api-version=2"))
    with pytest.raises(ConfigurationError, match="2 endpoints") as refused:
        recorded(tmp_path, data)
    assert "--base-url" in refused.value.hint
    with pytest.raises(ConfigurationError, match="No chat completion was asked of"):
        recorded(tmp_path, data, base_url="https://third.example/v1")
    header, exchanges = recorded(tmp_path, data, base_url="https://gateway.example/v1/")
    assert (len(exchanges), imported(header).others) == (2, 1)
