"""How a scenario says what it wants sent: bodies, steps and twins, for the target at hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from conformance.model import CAP_FIELDS, Credential, Exchange, Expectation, Json, Purpose, Request, Sample, Tier, TokenCount, Violation
from conformance.steps import Step

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.generate.corpus import Corpus

PROMPT: Final = "Count from 1 to 40 in digits, separated by single spaces. Write nothing else."
"""A question whose answer is longer than any cap here, so that a cap shows."""

MINIMAL_CAP: Final = 16
"""Smallest cap in tokens that every known endpoint takes: some refuse less for models that reason."""

USAGE: Final[dict[str, Json]] = {"stream_options": {"include_usage": True}}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What scenarios build their requests from; one per scenario and run."""

    contract: Contract
    model: str
    cap_field: str
    """The name under which this target takes a cap on output: `max_completion_tokens` or `max_tokens`."""
    seed: int
    tier: Tier
    scenario: str
    token_counts: tuple[TokenCount, ...] = ()
    """What prompts are known to cost this model; none unless the user says so."""
    context_window: int | None = None
    """Tokens that a prompt and its answer may have together; None unless the user says so."""
    denies: frozenset[str] = frozenset()
    """Features that nothing is to be asked about. The plan leaves out whole steps that need one; who packs much into a step heeds them."""

    @cached_property
    def corpus(self) -> Corpus:
        """Invalid bodies generated from the contract."""
        from conformance.generate import corpus

        return corpus.load(self.contract)

    @property
    def control(self) -> str:
        """Key of the request that the preflight saw accepted; `minimal` is its body."""
        return f"preflight/{self.cap_field}"

    @property
    def minimal(self) -> dict[str, Json]:
        """The smallest body there is: what every invalid one is a mutant of."""
        return self.body(PROMPT, cap=MINIMAL_CAP)

    def body(self, content: str | list[Json], *, cap: int | None = MINIMAL_CAP, **fields: Json) -> dict[str, Json]:
        """A request body: one user message, or the messages given; a cap in tokens unless None; any further fields."""
        messages: list[Json] = [{"role": "user", "content": content}] if isinstance(content, str) else content
        capped: dict[str, Json] = {} if cap is None else {self.cap_field: cap}
        return {"model": self.model, "messages": messages, **capped, **fields}

    def key(self, name: str) -> str:
        """Key of a step of this scenario."""
        return f"{self.scenario}/{name}"

    def step(
        self,
        name: str,
        body: dict[str, Json] | bytes | Callable[[Exchange], dict[str, Json] | None],
        *,
        needs: Iterable[str] = (),
        topics: Iterable[str] = (),
        twin: str = "",
        control: str = "",
        after: str = "",
        tries: int = 1,
        until: Callable[[Exchange], bool] | None = None,
        output_tokens: int | None = None,
        stream: bool = False,
        samples: Iterable[Sample] = (),
        splits: str = "",
        content_type: str = "application/json",
        accept: str | None = None,
    ) -> Step:
        """A request that the contract allows. `body` may be a function of the answer to the step `after`; say `stream` then, if so.

        `twin`, `control`, `after` and `splits` are full keys. The ceiling on output tokens is the body's own cap times `n` unless given;
        a step that splits another is never sent to a conforming endpoint, so it costs nothing.
        """
        purpose = Purpose(
            key=self.key(name),
            scenario=self.scenario,
            stream=stream or _streams(body),
            needs=frozenset(needs),
            topics=frozenset(topics),
            twin=twin,
            control=control,
            after=after if callable(body) else "",
            samples=tuple(samples),
            splits=splits,
        )
        request = _request(body)
        if isinstance(request, Request):
            request = replace(request, content_type=content_type, accept=accept)
        if splits:
            return Step(purpose=purpose, request=request, after=splits, billed=False)
        ceiling = self._ceiling(body) if output_tokens is None else output_tokens
        return Step(purpose=purpose, request=request, after=after, tries=tries, until=until, output_tokens=ceiling)

    def twins(
        self, name: str, body: dict[str, Json], *, needs: Iterable[str] = (), usage: bool = False, **options: object
    ) -> tuple[Step, Step]:
        """The same request whole and streamed; with `usage` the streamed one asks for its usage as well."""
        features = frozenset(needs)
        streamed: dict[str, Json] = {**body, "stream": True, **(USAGE if usage else {})}
        also = {"streaming", "usage-in-stream"} if usage else {"streaming"}
        whole = self.step(name, body, needs=features, **options)  # type: ignore[arg-type]
        other = self.step(f"{name}/streamed", streamed, needs=features | also, twin=self.key(name), **options)  # type: ignore[arg-type]
        return whole, other

    def refused(
        self,
        name: str,
        body: dict[str, Json] | bytes,
        violation: Violation,
        *,
        expect: Expectation = Expectation.REFUSED,
        stream: bool = False,
        twin: str = "",
        topics: Iterable[str] = (),
        content_type: str | None = "application/json",
        credential: Credential = Credential.KEY,
        method: str = "POST",
        path: str = "/chat/completions",
        control: str | None = None,
    ) -> Step:
        """A request that breaks one clause, and that a conforming endpoint bills nothing for."""
        purpose = Purpose(
            key=self.key(name),
            scenario=self.scenario,
            expect=expect,
            stream=stream or _streams(body),
            violation=violation,
            twin=twin,
            control=self.control if control is None else control,
            topics=frozenset(topics),
        )
        request = Request(
            body=_bytes(body) if isinstance(body, dict) else body,
            method=method,
            path=path,
            content_type=content_type,
            credential=credential,
        )
        return Step(purpose=purpose, request=request, billed=False)

    def _ceiling(self, body: object) -> int:
        if not isinstance(body, dict):
            return MINIMAL_CAP
        caps = [value for name in CAP_FIELDS if isinstance(value := body.get(name), int)]
        number = body.get("n")
        return min(caps, default=0) * (number if isinstance(number, int) else 1)


def _streams(body: object) -> bool:
    """Whether a body asks for a stream."""
    return isinstance(body, dict) and body.get("stream") is True


def _request(
    body: dict[str, Json] | bytes | Callable[[Exchange], dict[str, Json] | None],
) -> Request | Callable[[Exchange], Request | None]:
    if isinstance(body, bytes):
        return Request(body=body)
    if isinstance(body, dict):
        return Request(body=_bytes(body))

    def follow(answer: Exchange) -> Request | None:
        built = body(answer)
        return None if built is None else Request(body=_bytes(built))

    return follow


def _bytes(body: dict[str, Json]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
