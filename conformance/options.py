"""The options of a run: declared once, offered by the `conformance` command, by pytest and so by nox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from conformance.model import Tier

REFERENCE: Final = "reference"
"""What is given for a base URL where the embedded reference server is meant."""


class Kind(StrEnum):
    """What the value of an option is; on the command line all of them are text."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "true or false"
    LIST = "list of texts"
    TABLE = "table"
    """Names and texts, such as headers; given as `Name: text` on the command line."""
    FILE = "path"
    """In a target file it is relative to the folder of that file."""
    NAME_OR_FILE = "name or path"
    """A path where it contains a separator or ends like a file of data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option; `name` without its dashes."""

    name: str
    help: str
    key: str = ""
    """Its place in a target file: a table and a name in it, `limits.rate`; empty for what only one single run can want."""
    kind: Kind = Kind.TEXT
    """What a target file must give there."""
    secret: bool = False
    """Whether it may hold a secret: a target file then refers to the environment for it, by `$NAME`."""
    separator: str = ""
    """What stands between name and text of a table on the command line."""
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
        name="target",
        metavar="FILE",
        help="Target file with any of these options; else conformance.toml, if it is here and no --base-url is given.",
    ),
    Option(
        name="base-url",
        key="target.base_url",
        metavar="URL",
        help="What /chat/completions is appended to; without it, and for the word `reference`, the embedded reference server is tested.",
    ),
    Option(name="model", key="target.model", metavar="NAME", help="Model to ask; needed with --base-url."),
    Option(
        name="dialect",
        key="target.dialect",
        kind=Kind.NAME_OR_FILE,
        metavar="NAME|FILE",
        default="openai-compatible",
        help="Reading of the contract, or an overlay file of your own.",
    ),
    Option(name="tier", key="run.tier", metavar="|".join(Tier), default=Tier.GATE, help="How much is asked."),
    Option(
        name="only",
        key="run.only",
        kind=Kind.LIST,
        metavar="ID",
        repeated=True,
        help="Judge this requirement alone; may be repeated, or hold several with commas.",
    ),
    Option(
        name="contract-revision",
        key="run.contract_revision",
        metavar="DATE",
        help="Be scored by the requirements of this revision alone: newer ones are shown and never gate.",
    ),
    Option(
        name="claim",
        key="target.claims",
        kind=Kind.LIST,
        metavar="FEATURE",
        repeated=True,
        help="The target has this feature: refusing it is a failure.",
    ),
    Option(
        name="deny",
        key="target.denies",
        kind=Kind.LIST,
        metavar="FEATURE",
        repeated=True,
        help="The target lacks this feature: nothing is sent for it.",
    ),
    Option(
        name="strict",
        key="run.strict",
        kind=Kind.FLAG,
        flag=True,
        pytest_name="strict-should",
        help="Let failing SHOULD requirements gate as well.",
    ),
    Option(
        name="baseline",
        key="baseline.file",
        kind=Kind.FILE,
        metavar="FILE",
        help="Failures that are accepted for now, as TOML: they are shown, and do not gate; `conformance baseline` proposes one.",
    ),
    Option(name="concurrency", key="limits.concurrency", kind=Kind.WHOLE, metavar="N", default="16", help="Requests under way at once."),
    Option(name="rate", key="limits.rate", kind=Kind.NUMBER, metavar="N", help="Most requests per second."),
    Option(
        name="max-requests",
        key="limits.requests",
        kind=Kind.WHOLE,
        metavar="N",
        help="Most requests in all, repeats included; what no longer fits makes the run inconclusive.",
    ),
    Option(
        name="max-tokens",
        key="limits.tokens",
        kind=Kind.WHOLE,
        metavar="N",
        help="Most tokens in all, of prompts and completions together, counted from above.",
    ),
    Option(name="max-seconds", key="limits.seconds", kind=Kind.NUMBER, metavar="N", help="Longest time that requests are sent for."),
    Option(
        name="max-cost",
        key="limits.cost",
        kind=Kind.NUMBER,
        metavar="AMOUNT",
        help="Most money in all, counted from above; needs the prices.",
    ),
    Option(
        name="price-input",
        key="price.input",
        kind=Kind.NUMBER,
        metavar="AMOUNT",
        help="Price of a million tokens of prompts, in any currency.",
    ),
    Option(
        name="price-output",
        key="price.output",
        kind=Kind.NUMBER,
        metavar="AMOUNT",
        help="Price of a million tokens of completions, in the same.",
    ),
    Option(
        name="connect-timeout",
        key="timeouts.connect",
        kind=Kind.NUMBER,
        metavar="SECONDS",
        default="10",
        help="Longest time until a connection stands, TLS included.",
    ),
    Option(
        name="idle-timeout",
        key="timeouts.idle",
        kind=Kind.NUMBER,
        metavar="SECONDS",
        default="60",
        help="Longest silence: before an answer, and within one.",
    ),
    Option(
        name="request-timeout",
        key="timeouts.total",
        kind=Kind.NUMBER,
        metavar="SECONDS",
        default="120",
        help="Longest time that one answer may take.",
    ),
    Option(
        name="header",
        secret=True,
        separator=": ",
        key="target.headers",
        kind=Kind.TABLE,
        metavar="'NAME: VALUE'",
        repeated=True,
        help="Sent with every request; the value stays out of the record.",
    ),
    Option(
        name="query",
        secret=True,
        separator="=",
        key="target.query",
        kind=Kind.TABLE,
        metavar="NAME=VALUE",
        repeated=True,
        help="Appended to every URL; the value stays out of the record.",
    ),
    Option(
        name="ca-file",
        key="tls.ca_file",
        kind=Kind.FILE,
        metavar="FILE",
        help="Authorities to trust, in PEM, instead of those that this machine trusts.",
    ),
    Option(
        name="client-certificate",
        key="tls.client_certificate",
        kind=Kind.FILE,
        metavar="FILE",
        help="Certificate that we show to the target, in PEM.",
    ),
    Option(
        name="client-key",
        key="tls.client_key",
        kind=Kind.FILE,
        metavar="FILE",
        help="Its private key, where that is a file of its own; a passphrase goes into CONFORMANCE_CLIENT_KEY_PASSPHRASE.",
    ),
    Option(
        name="proxy",
        secret=True,
        key="proxy.url",
        metavar="URL|none",
        help="Proxy to go through, also to this machine; `none` goes directly. Without it the environment decides.",
    ),
    Option(
        name="key-variable",
        key="target.key_variable",
        metavar="NAME",
        help="Environment variable with the key; else CONFORMANCE_API_KEY, else OPENAI_API_KEY.",
    ),
    Option(
        name="token-counts",
        key="target.token_counts",
        kind=Kind.FILE,
        metavar="FILE",
        help="What prompts are known to cost this model, as TOML or JSON: up to three are asked.",
    ),
    Option(
        name="context-window",
        key="target.context_window",
        kind=Kind.WHOLE,
        metavar="N",
        help="Tokens that fit into the model: a prompt that is longer for certain is sent, which has to be refused; five bytes for each.",
    ),
    Option(
        name="output",
        key="run.output",
        kind=Kind.FILE,
        metavar="DIR",
        default="reports",
        help="Folder in which the run gets a folder of its own.",
    ),
    Option(
        name="seed",
        key="run.seed",
        kind=Kind.WHOLE,
        metavar="N",
        default="1",
        help="Seed of everything that is drawn; runs are comparable when it is the same.",
    ),
    Option(
        name="shard",
        key="run.shard",
        metavar="I/N",
        help="Send one of N parts of the run, for jobs side by side; `conformance merge` judges all of them together.",
    ),
    Option(name="resume", metavar="FOLDER", help="Go on with a run that was cut off: what was answered is not asked again."),
)

REACH: Final = (
    *("target", "base-url", "model", "dialect", "claim", "deny", "concurrency", "rate"),
    *("connect-timeout", "idle-timeout", "request-timeout", "header", "query"),
    *("ca-file", "client-certificate", "client-key", "proxy", "key-variable"),
)
"""Names of the options that say who is asked and how, for commands that ask something else than a run does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options as given: text still, read and checked by `run.Run`."""

    target: str = ""
    base_url: str = ""
    model: str = ""
    dialect: str = "openai-compatible"
    tier: str = Tier.GATE
    only: tuple[str, ...] = ()
    contract_revision: str = ""
    claim: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    strict: bool = False
    baseline: str = ""
    concurrency: str = "16"
    rate: str = ""
    max_requests: str = ""
    max_tokens: str = ""
    max_seconds: str = ""
    max_cost: str = ""
    price_input: str = ""
    price_output: str = ""
    connect_timeout: str = "10"
    idle_timeout: str = "60"
    request_timeout: str = "120"
    header: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    ca_file: str = ""
    client_certificate: str = ""
    client_key: str = ""
    proxy: str = ""
    key_variable: str = ""
    token_counts: str = ""
    context_window: str = ""
    output: str = "reports"
    seed: str = "1"
    shard: str = ""
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
