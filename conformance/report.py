"""A judged run: the one thing that every renderer is a view of."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.baseline import Mark
from conformance.contract import Contract
from conformance.gate import Gate
from conformance.model import Exchange, Verdict
from conformance.observation import Records
from conformance.overview.capabilities import Capability
from conformance.overview.constraints import ConstraintRow
from conformance.provenance import Accepted, Footer, Header, Plan
from conformance.registry import Exclusion, Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One requirement of the catalogue and what it came to; NOT RUN ones are here too."""

    requirement: Requirement
    verdict: Verdict
    scored: bool = True
    """Whether it counts: false where it came later than the revision that the run is frozen at."""
    mark: Mark | None = None
    """What the baseline makes of it; None where it lists nothing of the requirement."""

    @property
    def is_accepted(self) -> bool:
        """Whether it does not hold, and the baseline lists all that is wrong with it."""
        return self.mark is not None and self.mark.is_accepted

    @property
    def is_stale(self) -> bool:
        """Whether the baseline lists something of it that no longer occurs, and lacks nothing."""
        return self.mark is not None and bool(self.mark.stale) and not self.mark.new


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a renderer may show. Whatever came from the target is untrusted."""

    header: Header
    contract: Contract
    """The reading that was judged by: what clauses say is told in its words."""
    plan: Plan | None
    footer: Footer | None
    torn: bool
    gate: Gate
    rows: tuple[Row, ...]
    constraints: tuple[ConstraintRow, ...]
    """Every constraint that a request of the plan breaks, in the order of the contract."""
    capabilities: tuple[Capability, ...]
    """Every feature of the contract and what the target makes of it, in the order of the contract; empty when nothing was planned."""
    exclusions: tuple[Exclusion, ...]
    records: Records
    """For the exchanges behind a finding, read on demand."""
    requests: int
    """Requests really sent."""
    notes: tuple[str, ...] = ()
    """What has to be known before the verdict is read, a sentence or two each: that nothing was sent, that another reading planned it."""
    resumed: tuple[float, ...] = ()
    """When the run was gone on with after it had been cut off, in seconds since the epoch."""
    accepted: tuple[Accepted, ...] = ()
    """Every entry of the baseline, those included that this run tells nothing of."""

    @property
    def complete(self) -> bool:
        """Whether the run came to its end, and all of its record is there."""
        return self.footer is not None and self.footer.complete and not self.torn

    def exchange(self, identifier: str) -> Exchange | None:
        """Look up the exchange that a finding names: `key`, or `key#attempt`."""
        key, _, attempt = identifier.partition("#")
        tries = self.records.attempts(key)
        wanted = int(attempt or "1")
        return next((one for one in tries if one.attempt == wanted), tries[-1] if tries else None)
