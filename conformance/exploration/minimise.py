"""Shrinks a request that shows something to the smallest that still shows it, against the live target and within a budget.

Never part of a scored run: what is sent here depends on what the target answers. A candidate has to be wrong in the same one way as the
request it is made from, or right as that was, before it is sent; the cap on its output stays what it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from conformance import strictjson
from conformance.errors import ConfigurationError
from conformance.exploration.cases import Case, like
from conformance.exploration.examine import Examiner, Shown
from conformance.exploration.oracle import Gathered, Oracle, SpentError
from conformance.generate.mutants import canonical
from conformance.generate.reductions import size, smallest
from conformance.model import CAP_FIELDS, Exchange, Finding, Json
from conformance.observation import Records
from conformance.registry import Requirement

KEPT = frozenset({"model", *CAP_FIELDS})
"""Members that are never reduced: who is asked, and what bounds the bill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smallest:
    """What a search came to."""

    case: Case
    exchange: Exchange
    """The last attempt at it; it holds the request as it was sent."""
    finding: Finding
    before: int
    """Bytes of the body at the beginning."""
    requests: int
    """Sent for the search, repeats of lost answers included."""
    spent: bool
    """Whether the search ended for want of budget, and a smaller body may exist."""
    again: bool | None
    """Whether it showed once more when it was asked anew; None where the budget did not allow that."""

    @property
    def after(self) -> int:
        """Bytes of the smallest body."""
        return size(self.case.body)


class _Search:
    """Asks whether a body still shows a thing, and remembers the smallest that does."""

    def __init__(self, case: Case, shown: Shown, control: Iterable[Exchange], examiner: Examiner, oracle: Oracle) -> None:
        self._case = case
        self._shown = shown
        self._control = tuple(control)
        self._examiner = examiner.only([shown.requirement])
        self._oracle = oracle
        self._told: dict[str, bool] = {}
        self.best: tuple[Case, tuple[Exchange, ...], Finding] | None = None

    def shows(self, body: dict[str, Json]) -> bool:
        """Whether it does; raises `SpentError` where nobody knows and nobody may be asked."""
        key = canonical(body)
        if key not in self._told:
            self._told[key] = self._shows(body)
        return self._told[key]

    def _shows(self, body: dict[str, Json]) -> bool:
        case = like(self._examiner.contract, self._case, body)
        if case is None:
            return False
        exchanges = self._oracle.ask(case.step)
        finding = self.found(exchanges)
        if finding is not None and (self.best is None or size(body) < size(self.best[0].body)):
            self.best = case, exchanges, finding
        return finding is not None

    def found(self, exchanges: Iterable[Exchange]) -> Finding | None:
        """The finding in question, if these answers show it."""
        records = Gathered((*self._control, *exchanges))
        return next((each.finding for each in self._examiner.examine(records) if each.kind == self._shown.kind), None)


def minimise(
    case: Case, shown: Shown, control: Iterable[Exchange], examiner: Examiner, oracle: Oracle, *, seed: int = 1
) -> Smallest | None:
    """Find the smallest body; None where the target does not show the thing when it is asked again. Asks nothing beyond the budget.

    `control` are the answers to the accepted request that an invalid one is judged beside.
    """
    search = _Search(case, shown, control, examiner, oracle)
    spent = False
    try:
        if not search.shows(case.body):
            return None
        smallest(case.body, search.shows, seed=seed, keep=KEPT)
    except SpentError:
        spent = True
    if search.best is None:
        return None
    found, exchanges, finding = search.best
    anew = oracle.again(found.step)
    return Smallest(
        case=found,
        exchange=exchanges[-1],
        finding=finding,
        before=size(case.body),
        requests=oracle.sent,
        spent=spent,
        again=search.found(anew) is not None if anew else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A failure in a record that can be made smaller."""

    case: Case
    shown: Shown
    control: tuple[Exchange, ...]


def recorded(record: Records, examiner: Examiner, requirement: Requirement) -> Recorded:
    """Take the first failure of a requirement out of a record that can be made smaller.

    Raises `ConfigurationError` with one sentence where there is none, or none that a single request shows.
    """
    failures = [shown for shown in examiner.only([requirement]).examine(record) if shown.requirement is requirement]
    if not failures:
        raise ConfigurationError(f"{requirement.id} finds nothing in this record.", hint="Name a requirement that fails in it.")
    reasons = []
    for shown in failures:
        found = _alone(record, examiner, shown)
        if isinstance(found, Recorded):
            return found
        reasons.append(found)
    raise ConfigurationError(reasons[0])


def sent_to(case: Case, recorded_model: str, model: str) -> Case:
    """The case for another model than the recorded one, where it asks that."""
    same = case.body.get("model") == recorded_model
    return replace(case, body={**case.body, "model": model}) if same else case


def text(body: dict[str, Json]) -> str:
    """A body as one line of ASCII."""
    return json.dumps(body)


def _alone(record: Records, examiner: Examiner, shown: Shown) -> Recorded | str:
    """The failure as that of a single request, or why it is none."""
    exchanges = record.attempts(shown.key)
    purpose = record.purpose(shown.key)
    body = _body(exchanges)
    if body is None or purpose is None:
        return f"The body of {shown.key} is not a JSON object, so there is nothing to take out of it."
    if purpose.after:
        return f"{shown.key} only makes sense after {purpose.after}, so it cannot be made smaller by itself."
    case = Case(body=body, purpose=purpose)
    if like(examiner.contract, case, body) is None:
        return f"What is wrong with {shown.key} does not lie in its body, so a smaller one would show nothing."
    control = record.attempts(purpose.control) if purpose.violation is not None else ()
    alone = examiner.only([shown.requirement]).examine(Gathered((*control, *exchanges)))
    if shown.kind not in {each.kind for each in alone}:
        return f"{shown.requirement.id} compares several answers, so there is no single request to make smaller."
    return Recorded(case=case, shown=shown, control=control)


def _body(exchanges: tuple[Exchange, ...]) -> dict[str, Json] | None:
    try:
        body = strictjson.parse(exchanges[-1].sent.body).value if exchanges else None
    except strictjson.NotJsonError:
        return None
    return body if isinstance(body, dict) else None
