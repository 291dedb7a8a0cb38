"""Asks a target everything that is planned, concurrently, and records what happens as it happens. Judges nothing.

Steps that hang together form a chain, which one worker asks in order. Lost answers are asked for again, in their own attempts; a
rate limit slows all workers down. It stops early when told to, when the target is gone, or when a ceiling is reached, and says why.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from conformance.cost.budget import Budget
from conformance.errors import CatalogueError
from conformance.model import Exchange, Purpose, Request
from conformance.provenance import BUDGET
from conformance.sending.chains import Chain, chains, due, is_enough, parted
from conformance.sending.pacing import Gate, backoff
from conformance.sending.patience import Patience
from conformance.settle import OUT_OF_SERVICE, RATE_LIMITED, RETRIES, Mishap, mishap, retries, settled, unanswered
from conformance.steps import SWIFT, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.sending.progress import Progress

OUT_FOR: Final = 30.0
"""Seconds for which a target may be out of service before the run ends: as long as a restart or a deployment takes."""

_UNAVAILABLE: Final = 503

INTERRUPTED: Final = "interrupted"

_TICK: Final = 0.05
"""Seconds within which a stop is noticed."""


class Sender(Protocol):
    """Where requests go: `wire.Wire`, or a stand-in for it."""

    def send(self, request: Request, purpose: Purpose, attempt: int) -> Exchange:
        """Send one request; raises nothing for what a target does."""

    def abort(self) -> None:
        """Break off what is under way."""


class Recorder(Protocol):
    """Where exchanges go: `runlog.RecordWriter`, or a stand-in for it. Called from several threads, one at a time."""

    def append(self, exchange: Exchange) -> None:
        """Keep what happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """How it ended."""

    complete: bool
    """Whether everything was asked; some of it may have been lost all the same."""
    reason: str
    """Why it is not complete: `interrupted`, `budget`, or a sentence about the target. Empty when it is."""
    sent: int
    """Requests that were sent this time."""


def observe(
    steps: Iterable[Step],
    wire: Sender,
    writer: Recorder,
    *,
    concurrency: int,
    progress: Progress,
    stop: threading.Event,
    rate: float | None = None,
    gate: Gate | None = None,
    earlier: Callable[[str], tuple[Exchange, ...]] = lambda _: (),
    probe: Step | None = None,
    budget: Budget | None = None,
    seed: int = 0,
) -> Observed:
    """Ask all steps: those that are timed, then what is answered, then what is refused, longest chains first.

    What is left of the timed ones comes between the two: it hangs up on a stream, and no other is to meet what that leaves behind.

    `earlier` gives what a resumed record already holds for a key (`Record.attempts`): a settled step is not asked again, and
    attempts are counted on. `probe` is a request that the target is known to answer: when no answer comes for a while, it decides
    whether the target is gone or just drops what it does not like. `budget` is asked before each request, repeats included; what does not
    fit into what is left of tokens or money is left out, and the rest goes on.
    `gate` keeps one pace over several calls, and then `rate` is its affair; `concurrency` workers pass through it.

    Raises `CatalogueError` where two steps have one key or one follows nothing, and `RecordError` where nothing can be recorded.
    """
    if probe is not None and not isinstance(probe.request, Request):
        raise CatalogueError(f"The probe {probe.key} has no request of its own.")
    found = chains(tuple(steps))
    jitter = Random(seed)  # noqa: S311 - nobody is to be kept from guessing it
    pace = gate or Gate(concurrency=concurrency, rate=rate)
    pace.open()
    purse = budget or Budget()
    purse.open()
    asker = _Asker(wire, writer, pace, progress, earlier, probe, purse, jitter)
    progress.started(sum(asker.is_open(step) for chain in found for step in chain if not step.purpose.splits))
    timed, heavy, light = parted(found)
    queue = deque[_Begun]((chain, {}) for chain in heavy)
    try:
        with ThreadPoolExecutor(concurrency, thread_name_prefix="observe") as pool:
            try:
                _wait([pool.submit(asker.ask_alone, timed, queue)] if timed else [], asker, stop)
                queue.extend((chain, {}) for chain in light)
                _wait([pool.submit(asker.work, queue) for _ in range(min(concurrency, len(queue)))], asker, stop)
            except BaseException:
                # No request outlives this function, whatever went wrong.
                asker.halt(INTERRUPTED)
                raise
    finally:
        progress.finished()
    reason = asker.reason or (BUDGET if asker.left_out else "")
    return Observed(complete=not reason, reason=reason, sent=asker.sent)


def _wait(workers: list[Future[None]], asker: _Asker, stop: threading.Event) -> None:
    """Wait for the workers; pass on what went wrong in one of them, and a wish to stop to all of them."""
    pending = set(workers)
    while pending:
        try:
            done, pending = wait(pending, timeout=_TICK, return_when=FIRST_EXCEPTION)
        except KeyboardInterrupt:
            stop.set()
        else:
            for worker in done:
                worker.result()
        if pending and stop.is_set():
            asker.halt(INTERRUPTED)
        elif pending and asker.is_late():
            asker.halt(BUDGET)


_Begun: TypeAlias = tuple[Chain, dict[str, Exchange]]
"""What is left of a chain, and how the steps before it ended."""


class _Asker:
    """What the workers share."""

    def __init__(
        self,
        wire: Sender,
        writer: Recorder,
        gate: Gate,
        progress: Progress,
        earlier: Callable[[str], tuple[Exchange, ...]],
        probe: Step | None,
        budget: Budget,
        random: Random,
    ) -> None:
        self._wire = wire
        self._writer = writer
        self._gate = gate
        self._progress = progress
        self._earlier = earlier
        self._probe = probe
        self._budget = budget
        self._random = random
        self._lock = threading.RLock()
        self._probing = threading.Lock()
        self._probed = 0
        self._aborted = False
        self._patience = Patience()
        self._back = 0.0
        """When it last came back."""
        self.reason = ""
        self.left_out = False
        """Whether something was not sent because it did not fit into the budget."""
        self.sent = 0

    def is_late(self) -> bool:
        """Whether the time for all of it is over."""
        return self._budget.is_late()

    def halt(self, reason: str, *, abort: bool = True) -> None:
        """Let nothing more be sent; the first reason holds. Unless told otherwise, break off what is under way."""
        with self._lock:
            self.reason = self.reason or reason
            self._aborted = self._aborted or abort
        self._gate.close()
        self._budget.close()
        if abort:
            self._wire.abort()

    def is_open(self, step: Step) -> bool:
        """Whether a step still has to be asked."""
        return not is_enough(step, [exchange for exchange in self._earlier(step.key) if settled(exchange)])

    def ask_alone(self, chains: list[Chain], queue: deque[_Begun]) -> None:
        """Ask chain after chain, each as far as it matters that nothing else is under way; what is left of it joins the queue."""
        for first, *rest in chains:
            ends: dict[str, Exchange] = {}
            self._ask_next(first, ends)
            if first.key in ends and ends[first.key].elapsed < SWIFT:
                queue.append((tuple(rest), ends))
                continue
            for step in rest:
                self._ask_next(step, ends)

    def work(self, queue: deque[_Begun]) -> None:
        """Ask chain after chain until none is left."""
        while not self.reason:
            try:
                chain, ends = queue.popleft()
            except IndexError:
                return
            for step in chain:
                self._ask_next(step, ends)

    def _ask_next(self, step: Step, ends: dict[str, Exchange]) -> None:
        """Ask what is due after the others of a chain, and note how it ended."""
        request = due(step, ends)
        end = self._ask(step, request) if request is not None else None
        if end is not None:
            ends[step.key] = end

    def _ask(self, step: Step, request: Request) -> Exchange | None:
        """Ask until there are answers enough; return the last, the last loss where there is none, None if we were stopped."""
        past = self._earlier(step.key)
        attempt = max((exchange.attempt for exchange in past), default=0)
        answers = [exchange for exchange in past if settled(exchange)]
        while not is_enough(step, answers):
            exchange = self._insist(step.purpose, request, attempt + 1)
            if exchange is None or not settled(exchange):
                return answers[-1] if answers else exchange
            attempt = exchange.attempt
            answers.append(exchange)
        return answers[-1] if answers else None

    def _insist(self, purpose: Purpose, request: Request, attempt: int, *, probing: bool = False) -> Exchange | None:
        """Ask for one answer, again if it gets lost. Returns the last loss if all were lost, None if we were stopped."""
        losses = failures = 0
        mishaps: list[Mishap] = []
        began = time.monotonic()
        while True:
            with self._gate.turn() as admitted:
                exchange = self._send(request, purpose, attempt) if admitted else None
                if exchange is None:
                    return None
                if settled(exchange):
                    with self._lock:
                        self._patience.answered(mishaps)
                    return exchange
                attempt += 1
                losses += 1
                failures += (exchange.status or 0) >= 500
                mishaps += filter(None, [mishap(exchange)])
                delay = backoff(exchange, losses, self._random, time.time())
                self._slow_down(exchange, delay)
            if not probing:
                self._check_presence(exchange)
            with self._lock:
                patience = self._patience.repeats(exchange, mishaps)
            if failures > patience or losses > max(patience, retries(exchange)):
                more = 0 if probing or exchange.status not in OUT_OF_SERVICE else self._reprieve(began)
                if not more:
                    return exchange
                losses = failures = max(0, patience + 1 - more)
                began = time.monotonic()
            # After a rate limit the gate does the waiting, for all.
            elif exchange.status != RATE_LIMITED and not self._gate.sleep(delay):
                return None

    def _slow_down(self, exchange: Exchange, delay: float) -> None:
        if exchange.status == RATE_LIMITED and self._gate.pause(delay, exchange):
            self._tell_waiting(delay, "The target limits the rate of requests (429).")
        elif exchange.status == _UNAVAILABLE and not self._patience.expects_failures:
            self._gate.overloaded(exchange)

    def _reprieve(self, began: float) -> int:
        """How often to ask again about a request that was answered as if the target were out of service, each time since it `began`.

        The probe tells. Where it gets the same, all wait until it gets something else, and begin anew; a target that does not come back
        ends the run. Where it is answered at once it is about the request, or is over already: it is asked just once more.
        """
        with self._probing:
            if self._back > began:
                return RETRIES + 1
            if not self._patience.doubts or self._probe is None or self.reason:
                return 0
            first = answer = self._ask_probe()
            deadline = time.monotonic() + OUT_FOR
            while answer is not None and answer.status in OUT_OF_SERVICE:
                delay = max(backoff(answer, 1, self._random, time.time()), OUT_FOR / 30)
                if time.monotonic() + delay > deadline:
                    self.halt(f"The target is out of service: for {OUT_FOR:g} s it answered {answer.status} to whatever it was asked.")
                    return 0
                self._tell_waiting(delay, f"The target is out of service ({answer.status}).")
                self._gate.hold(delay)
                answer = self._ask_probe() if self._gate.sleep(delay) else None
            if answer is None:
                return 0
            with self._lock:
                if answer is first:
                    self._patience.trusts()
                    return 1
                self._patience.forgives()
            self._back = time.monotonic()
            return RETRIES + 1

    def _send(self, request: Request, purpose: Purpose, attempt: int) -> Exchange | None:
        kept = self._budget.reserve(request)
        if kept is None:
            self._spare()
            return None
        with self._lock:
            self.sent += 1
        exchange = self._wire.send(request, purpose, attempt)
        if self._aborted and exchange.fault is not None:
            # Broken off by us: that says nothing about the target.
            self._budget.forfeit(kept)
            return None
        self._budget.settle(kept, exchange)
        with self._lock:
            self._writer.append(exchange)
            self._progress.exchanged(exchange)
            if enough := self._patience.note(exchange):
                self.halt(enough)
        self._gate.answered(exchange)
        return exchange

    def _spare(self) -> None:
        """Leave one request out, or all that are left where none fits any more."""
        if self.reason:
            return
        self.left_out = True
        if self._budget.is_over():
            # What is under way may have been billed already: let it come in.
            self.halt(BUDGET, abort=False)

    def _tell_waiting(self, seconds: float, why: str) -> None:
        with self._lock:
            self._progress.waiting(seconds, why)

    def _check_presence(self, exchange: Exchange) -> None:
        """Stop when the target is gone, or lets us in no more."""
        with self._lock:
            if locked_out := self._patience.locked_out:
                self.halt(locked_out)
            silent = self._patience.misses()
        if silent and not self._answers_probe():
            why = f" {exchange.fault.detail}" if exchange.fault else ""
            self.halt(f"The target is gone: {silent} attempts in a row brought no answer.{why}")

    def _answers_probe(self) -> bool:
        """Whether anything comes back when the target is asked for a sign of life, lost ones repeated."""
        if self._probe is None or not isinstance(self._probe.request, Request):
            return False
        with self._probing:
            past = self._asked_probe()
            answer = self._insist(self._probe.purpose, self._probe.request, past + self._probed + 1, probing=True)
            self._probed = answer.attempt - past if answer is not None else self._probed
        if answer is None and self.left_out:
            # What cannot even be asked for a sign of life can be asked nothing of importance.
            self.halt(BUDGET, abort=False)
        return answer is not None and not unanswered(answer)

    def _ask_probe(self) -> Exchange | None:
        """Ask for a sign of life just once; None if we were stopped."""
        assert self._probe is not None
        assert isinstance(self._probe.request, Request)
        with self._gate.turn() as admitted:
            answer = self._send(self._probe.request, self._probe.purpose, self._asked_probe() + self._probed + 1) if admitted else None
        self._probed += answer is not None
        return answer

    def _asked_probe(self) -> int:
        """How often the probe was asked by a run that is gone on with."""
        return max((exchange.attempt for exchange in self._earlier(self._probe.key)), default=0) if self._probe else 0
