"""The options of a run: declared once, offered by the `conformance` command, by pytest and so by nox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from conformance.model import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option; `name` without its dashes."""

    name: str
    help: str
    metavar: str = ""
    default: str = ""
    repeated: bool = False
    flag: bool = False
    pytest_name: str = ""
    """Its name under pytest, where pytest has taken the plain one."""

    @property
    def argument(self) -> str:
        """How it is written for pytest."""
        return f"--{self.pytest_name or self.name}"

    @property
    def field(self) -> str:
        """Name of the field of `Options` that it fills."""
        return self.name.replace("-", "_")

    @property
    def destination(self) -> str:
        """Name under which a parser keeps its value."""
        return f"conformance_{self.field}"


RUN_OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        name="base-url", metavar="URL", help="What /chat/completions is appended to; without it the embedded reference server is tested."
    ),
    Option(name="model", metavar="NAME", help="Model to ask; needed with --base-url."),
    Option(
        name="dialect", metavar="NAME|FILE", default="openai-compatible", help="Reading of the contract, or an overlay file of your own."
    ),
    Option(name="tier", metavar="|".join(Tier), default=Tier.GATE, help="How much is asked."),
    Option(name="only", metavar="ID", repeated=True, help="Judge this requirement alone; may be repeated, or hold several with commas."),
    Option(name="claim", metavar="FEATURE", repeated=True, help="The target has this feature: refusing it is a failure."),
    Option(name="deny", metavar="FEATURE", repeated=True, help="The target lacks this feature: nothing is sent for it."),
    Option(name="strict", flag=True, pytest_name="strict-should", help="Let failing SHOULD requirements gate as well."),
    Option(name="concurrency", metavar="N", default="16", help="Requests under way at once."),
    Option(name="rate", metavar="N", help="Most requests per second."),
    Option(name="request-timeout", metavar="SECONDS", default="120", help="Longest time that one answer may take."),
    Option(name="header", metavar="'NAME: VALUE'", repeated=True, help="Sent with every request; the value stays out of the record."),
    Option(name="key-variable", metavar="NAME", help="Environment variable with the key; else CONFORMANCE_API_KEY, else OPENAI_API_KEY."),
    Option(name="token-counts", metavar="FILE", help="What prompts are known to cost this model, as TOML or JSON: up to three are asked."),
    Option(name="output", metavar="DIR", default="reports", help="Folder in which the run gets a folder of its own."),
    Option(name="seed", metavar="N", default="1", help="Seed of everything that is drawn; runs are comparable when it is the same."),
    Option(name="resume", metavar="FOLDER", help="Go on with a run that was cut off: what was answered is not asked again."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options as given: text still, read and checked by `run.Run`."""

    base_url: str = ""
    model: str = ""
    dialect: str = "openai-compatible"
    tier: str = Tier.GATE
    only: tuple[str, ...] = ()
    claim: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    strict: bool = False
    concurrency: str = "16"
    rate: str = ""
    request_timeout: str = "120"
    header: tuple[str, ...] = ()
    key_variable: str = ""
    token_counts: str = ""
    output: str = "reports"
    seed: str = "1"
    resume: str = ""
    keywords: str = ""
    """What else narrows the run down, for the record: pytest's -k."""
    marks: str = ""
    """The same: pytest's -m."""
    named: frozenset[str] = frozenset()
    """Names of the fields that the user filled in, as distinct from those that have their default."""

    @classmethod
    def given(cls, values: Mapping[str, Any]) -> Self:
        """The options with the values that a parser found; None, False and an empty tuple stand for an option that was not given."""
        named = {name: value for name, value in values.items() if value not in (None, False, ())}
        return cls(**named, named=frozenset(named))

    @property
    def chosen(self) -> str:
        """Pytest's own options that narrow the run down, as they were given."""
        return " ".join(f"-{letter} {text}" for letter, text in (("k", self.keywords), ("m", self.marks)) if text)
