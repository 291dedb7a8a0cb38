"""Whatever is secret in captured traffic is in no file that the suite writes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import contract, registry, reporting
from conformance.imports import importing, secrecy, source
from conformance.record.runlog import Record
from conformance.render import artefacts
from tests.test_imports import ASKED, SAID, URL, entry, har, log

CANARIES = {
    "bearer": "sk-canary-bearer-77aa01",
    "plain": "canary-api-key-19bd22",
    "cookie": "canary.cookie.5c3f88",
    "set-cookie": "canary-set-cookie-0e9f",
    "query": "canary-query-key-441c",
    "user": "canary-password-90aa",
    "basic": "canary-basic-pass-33",
    "path": "canary0path0key0123456789abcdef",
    "custom": "canary-custom-token-12",
    "unnamed": "canary-of-no-known-name",
}

SENT = {
    "Authorization": f"Bearer {CANARIES['bearer']}",
    "api-key": CANARIES["plain"],
    "Cookie": f"theme=dark; session={CANARIES['cookie']}",
    "Proxy-Authorization": "Basic " + base64.b64encode(f"me:{CANARIES['basic']}".encode()).decode(),
    "X-Gateway-Token": CANARIES["custom"],
    "X-Something": CANARIES["unnamed"],
    "Content-Type": "application/json",
}

WHERE = (
    f"https://me:{CANARIES['user']}@gateway.example/{CANARIES['path']}/v1/chat/completions?key={CANARIES['query']}&api-version=2026-01-01"
)


def leaky(echo: str = "") -> dict[str, Any]:
    """An exchange with a secret in every place that has been seen to hold one; `echo` stands in the request's text."""
    made = entry(url=WHERE, asked={**ASKED, "messages": [{"role": "user", "content": f"what is {echo}?"}]})
    made["request"]["headers"] = [{"name": name, "value": value} for name, value in SENT.items()]
    made["request"]["cookies"] = [{"name": "session", "value": CANARIES["cookie"]}]
    made["request"]["queryString"] = [{"name": "key", "value": CANARIES["query"]}]
    made["response"]["headers"] += [
        {"name": "Set-Cookie", "value": f"id={CANARIES['set-cookie']}; Path=/"},
        {"name": "X-Request-Id", "value": f"req-{CANARIES['plain']}"},
    ]
    return made


def written(folder: Path, data: bytes) -> bytes:
    """Everything that is written of a capture: the record and all its views."""
    (folder / "in").mkdir()
    (folder / "in" / "capture").write_bytes(data)
    reading, catalogue = contract.load(), registry.load()
    path = folder / "out" / "run.jsonl"
    captured = source.read(folder / "in" / "capture", skip=False)
    importing.record(captured, path, source="capture", contract=reading, catalogue=catalogue)
    with Record.open(path) as record:
        assert record.count
        artefacts.write(reporting.judged(record, reading, catalogue, catalogue.requirements), folder / "out")
    return b"\n".join(each.read_bytes() for each in (folder / "out").iterdir())


@pytest.mark.parametrize("form", ["har", "jsonl"])
def test_no_secret_is_written_down(tmp_path: Path, form: str) -> None:
    said = f"{CANARIES['bearer']} and {CANARIES['cookie']}"
    request = {"url": WHERE, "headers": SENT, "body": {**ASKED, "user": said}}
    answer = {"status": 200, "headers": {"Set-Cookie": [f"id={CANARIES['set-cookie']}"], "Content-Type": "application/json"}, "body": SAID}
    everything = written(tmp_path, har(leaky(said)) if form == "har" else log({"request": request, "response": answer}))
    for name, canary in CANARIES.items():
        assert canary.encode() not in everything, name
        assert base64.b64encode(canary.encode()) not in everything, name
    assert b"api-version=2026-01-01" in everything
    assert b"gateway.example" in everything


def test_the_secret_of_one_exchange_is_kept_out_of_the_others(tmp_path: Path) -> None:
    gossip = entry(url=WHERE, asked={**ASKED, "user": CANARIES["plain"]})
    assert CANARIES["plain"].encode() not in written(tmp_path, har(leaky(), gossip))


def test_an_answer_that_repeats_a_secret_is_left_out(tmp_path: Path) -> None:
    repeats = leaky()
    repeats["response"]["content"]["text"] = SAID.replace('"c"', json.dumps(CANARIES["bearer"]))
    everything = written(tmp_path, har(leaky(), repeats))
    assert CANARIES["bearer"].encode() not in everything
    assert b"repeats a secret" in everything


@settings(deadline=None, max_examples=60)
@given(
    name=st.sampled_from(["Authorization", "X-Api-Key", "Ocp-Apim-Subscription-Key", "x-auth-token", "Cookie", "X-Session"]),
    secret=st.text("abcdefghijklmnopqrstuvwxyzABCDEF0123456789_-", min_size=secrecy.SHORTEST, max_size=60),
    lower=st.booleans(),
)
def test_no_header_value_passes_but_those_that_are_needed(name: str, secret: str, lower: bool) -> None:
    headers = ((name.lower() if lower else name, f"a={secret}" if name == "Cookie" else secret), ("Content-Type", "application/json"))
    assert all(secret not in value for _, value in secrecy.sent(headers))
    assert secrecy.received(headers) == (("Content-Type", "application/json"),)


def test_urls_keep_where_and_which_version() -> None:
    assert secrecy.url(URL + "?api-version=1&key=abc#x") == URL + "?api-version=1&key=***"
    assert secrecy.url("https://a:b@host:8443/v1/chat/completions") == "https://host:8443/v1/chat/completions"
    assert secrecy.url("https://[broken/chat/completions") == ""
