"""What may be named as a target, and what is said when it may not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from conformance.errors import TargetError
from conformance.target import Bounds, Target, Tls, key_in_environment

SECRET = "sk-canary-0123456789"


def target(base_url: str = "https://host/v1", **changes: object) -> Target:
    return dataclasses.replace(Target(base_url=base_url, model="m"), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://host/v1", "https://host/v1"),
        ("https://host/v1/", "https://host/v1"),
        ("https://host/v1/chat/completions", "https://host/v1"),
        ("https://host/v1/chat/completions/", "https://host/v1"),
        ("https://host", "https://host"),
        ("https://host/chat/completions", "https://host"),
        ("  http://Host:8080/v1 ", "http://host:8080/v1"),
        ("HTTPS://host/API/V1", "https://host/API/V1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ],
)
def test_the_base_url_is_kept_in_one_form(given: str, kept: str) -> None:
    assert target(given).base_url == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "host/v1",
        "localhost:8000/v1",
        "ftp://host/v1",
        "file:///etc/passwd",
        "https://",
        "https:///v1",
        "https://host/v1?api-version=1",
        "https://host/v1?",
        "https://host/v1#top",
        "https://host:port/v1",
        "https://host:99999/v1",
        "https://[::1/v1",
        "https://ho st/v1",
        "https://host/v1\r\nX: y",
    ],
)
def test_a_base_url_that_cannot_be_asked_is_refused_with_a_hint(given: str) -> None:
    with pytest.raises(TargetError) as caught:
        target(given)
    assert caught.value.hint


def test_a_password_in_the_base_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(TargetError) as caught:
        target(f"https://user:{SECRET}@host/v1")
    assert SECRET not in caught.value.message + caught.value.hint


def test_the_key_comes_from_the_first_variable_that_is_set() -> None:
    both = {"CONFORMANCE_API_KEY": "first-key", "OPENAI_API_KEY": "second-key"}
    one = {"CONFORMANCE_API_KEY": "  ", "OPENAI_API_KEY": "second-key\n"}

    def named(environment: dict[str, str]) -> tuple[str | None, str]:
        key, variable = key_in_environment(environment=environment)
        made = target("https://host/v1", key=key, key_variable=variable)
        return made.key, made.key_variable

    assert named(both) == ("first-key", "CONFORMANCE_API_KEY")
    assert named(one) == ("second-key", "OPENAI_API_KEY")
    assert named({}) == (None, "")


def test_another_variable_may_be_named_and_must_then_be_set() -> None:
    environment = {"OPENAI_API_KEY": "second-key", "MY_KEY": "my-key"}
    assert key_in_environment("MY_KEY", environment) == ("my-key", "MY_KEY")
    with pytest.raises(TargetError, match="NO_SUCH_KEY"):
        key_in_environment("NO_SUCH_KEY", environment)


def test_the_key_is_never_shown() -> None:
    secret = (("api-key", SECRET),)
    made = target("https://host/v1", key=SECRET, key_variable="OPENAI_API_KEY", headers=secret, query=secret, proxy=f"http://u:{SECRET}@p")
    assert SECRET not in repr(made) + str(made) + repr(made.identity())
    assert made.identity().key_variable == "OPENAI_API_KEY"


def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated() -> None:
    with pytest.raises(TargetError) as caught:
        target("https://host/v1", key=f"{SECRET}\nmore", key_variable="OPENAI_API_KEY")
    assert SECRET not in caught.value.message + caught.value.hint
    assert "OPENAI_API_KEY" in caught.value.message


@pytest.mark.parametrize(
    "changes",
    [
        {"model": ""},
        {"model": "  "},
        {"key": "key-without-a-variable"},
        {"claims": frozenset({"tools"}), "denies": frozenset({"tools"})},
        {"headers": (("Authorization", "Bearer x"),)},
        {"headers": (("content-length", "1"),)},
        {"headers": (("bad name", "x"),)},
        {"headers": (("x-name", "a\r\nb: c"),)},
        {"headers": (("x-name", ""),)},
        {"concurrency": 0},
        {"concurrency": 65},
        {"rate": 0.0},
        {"rate": float("nan")},
        {"query": (("", "x"),)},
    ],
)
def test_whatever_could_not_be_sent_is_refused_with_a_hint(changes: dict[str, object]) -> None:
    with pytest.raises(TargetError) as caught:
        target("https://host/v1", **changes)
    assert caught.value.hint


def test_certificates_for_an_endpoint_that_nothing_secures_are_a_contradiction() -> None:
    with pytest.raises(TargetError, match="plain http") as caught:
        target("http://host/v1", tls=Tls(ca_file=Path("ca.pem")))
    assert "ca_file" in caught.value.options
    with pytest.raises(TargetError, match="without a client certificate"):
        Tls(key=Path("key.pem"))


@pytest.mark.parametrize("name", ["connect", "idle", "total", "body", "reads"])
@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_every_bound_is_a_positive_number(name: str, value: float) -> None:
    with pytest.raises(TargetError):
        dataclasses.replace(Bounds(), **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]/v1", True),
        ("https://host/v1", False),
        ("https://10.0.0.1/v1", False),
    ],
)
def test_a_target_knows_whether_it_is_on_this_machine(url: str, *, here: bool) -> None:
    assert target(url).is_loopback is here
