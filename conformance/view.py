"""Which requests a requirement looks at, and what there is to judge of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from conformance.model import Expectation, Purpose

if TYPE_CHECKING:
    from conformance.observation import Asked, Gap

S = TypeVar("S")

TO_BE_ACCEPTED: Final = frozenset({Expectation.ACCEPTED})
"""For views of good answers: what an endpoint makes of nonsense that it should have refused is judged as that, and as nothing else."""


def everything(_: Purpose) -> bool:
    """Choose every request of a plan."""
    return True


@dataclass(frozen=True, slots=True)
class View(Generic[S]):
    """What a requirement judges.

    `covers` says from the plan alone whether a request was meant to yield a subject, so that one which did not is a gap; `see` takes what
    really happened. A request that is not covered may still yield subjects (a malformed body that was answered is an answer too); its
    gaps do not count.
    """

    name: str
    covers: Callable[[Purpose], bool]
    look: Callable[[Asked], Iterable[S | Gap]]
    """What there is to judge of a request that is looked at. Views narrowed from one another share it, and so what the judge sees by it."""
    chosen: Callable[[Purpose], bool] = everything
    """Which requests are looked at, by anything but what follows; told from the plan alone."""
    expects: frozenset[Expectation] = frozenset(Expectation)
    """What the contract may say of these requests."""
    features: frozenset[str] = frozenset()
    """Features that each of these requests asks for."""
    topics: frozenset[str] = frozenset()
    """Topics that each of these requests is sent on."""

    def see(self, asked: Asked) -> Iterable[S | Gap]:
        """What there is to judge of a request; nothing of one that is not looked at."""
        purpose = asked.purpose
        return self.look(asked) if self.may_see(purpose) and self.chosen(purpose) else ()

    def may_see(self, purpose: Purpose) -> bool:
        """Whether it may look at a request, as far as its expectation, features and topics tell; of those there are few kinds in a plan."""
        return purpose.expect in self.expects and self.features <= purpose.needs and self.topics <= purpose.topics

    def needing(self, *features: str) -> View[S]:
        """The same, for requests that ask for all these features."""
        wanted = frozenset(features)
        return replace(
            self.where(lambda purpose: wanted <= purpose.needs, f"{self.name} asked for {', '.join(features)}"),
            chosen=self.chosen,
            features=self.features | wanted,
        )

    def about(self, *topics: str) -> View[S]:
        """The same, for requests sent on all these topics."""
        wanted = frozenset(topics)
        return replace(
            self.where(lambda purpose: wanted <= purpose.topics, f"{self.name} about {', '.join(topics)}"),
            chosen=self.chosen,
            topics=self.topics | wanted,
        )

    def where(self, chosen: Callable[[Purpose], bool], name: str) -> View[S]:
        """The same, for the requests of the plan that `chosen` picks, and no others."""
        covers, before = self.covers, self.chosen
        return replace(
            self,
            name=name,
            covers=lambda purpose: chosen(purpose) and covers(purpose),
            chosen=chosen if before is everything else lambda purpose: before(purpose) and chosen(purpose),
        )
