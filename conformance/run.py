"""One run as a user asks for it: options in, a folder with record and reports out."""

from __future__ import annotations

import contextlib
import re
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance import contract, registry, reporting, revisions, session
from conformance.cost.budget import Budget
from conformance.cost.ceilings import Ceilings
from conformance.cost.forecast import Forecast, forecast
from conformance.errors import CannotTestError, ConfigurationError, HarnessError, RecordError, TargetError, UnknownNameError
from conformance.model import Level, Tier
from conformance.network import route
from conformance.options import REFERENCE, Options
from conformance.provenance import RECORD
from conformance.record import resume
from conformance.record.folder import fresh
from conformance.record.runlog import Record
from conformance.record.sharding import Shard
from conformance.registry import Catalogue, Requirement
from conformance.render import artefacts
from conformance.render.text import line
from conformance.target import KEY_VARIABLES, Bounds, Target, Tls, key_in_environment, target_file, token_counts

if TYPE_CHECKING:
    from types import FrameType

    from conformance.model import TokenCount
    from conformance.provenance import Accepted
    from conformance.report import Report
    from conformance.sending.progress import Progress


class Run:
    """A run that is being set up, then conducted, then judged. Every mistake in the options is found before the first request."""

    def __init__(self, options: Options) -> None:
        self.cut_off = resume.cut_off(options.resume) if options.resume else None
        """What the record says of the run that is gone on with; None for a new one."""
        given = options.named
        if self.cut_off is not None:
            options = resume.completed(options, self.cut_off)
        self.target_file = file = target_file.chosen(options)
        """The target file that the options were completed from; None where there is none for this endpoint."""
        if file is not None:
            if self.cut_off is not None and "base_url" not in given:
                resume.check_file(self.cut_off, file)
            options = file.completed(options)
        self.options = options
        try:
            if "proxy" in given:
                route.check_argument(options.proxy)
            self._set_up(options)
        except ConfigurationError as error:
            raise error if file is None else file.located(error, options) from None

    def _set_up(self, options: Options) -> None:
        with at_fault("dialect"):
            self.contract = contract.load(options.dialect)
        self.catalogue: Catalogue = registry.load()
        self.catalogue.verify(self.contract)
        self.tier = _tier(options.tier)
        with at_fault("contract_revision"):
            self.scored_revision = revisions.checked(options.contract_revision)
        with at_fault("only"):
            self.only = frozenset(self.catalogue.find(name).id for name in _split(options.only))
        self.claims = self._features("claim", options.claim)
        self.denies = self._features("deny", options.deny)
        self.embedded = options.base_url in ("", REFERENCE)
        self.bounds = Bounds(
            connect=_number("connect-timeout", options.connect_timeout),
            idle=_number("idle-timeout", options.idle_timeout),
            total=_number("request-timeout", options.request_timeout),
        )
        self.seed = _whole("seed", options.seed)
        self.budget = Budget(Ceilings.given(options))
        self.shard = Shard.parse(options.shard) if options.shard else None
        if self.embedded and options.model:
            hint = "Name the endpoint with --base-url URL."
            raise TargetError("--model is given without --base-url.", hint=hint, options=("model",))
        with at_fault("token_counts"):
            self.token_counts = self._token_counts(options.token_counts)
        with at_fault("baseline"):
            self.accepted = self._accepted(options.baseline)
        # Built once before anything is sent, for what it refuses.
        if self.embedded:
            target = self.target("http://127.0.0.1", "reference", key="reference")
        else:
            target = self.target(options.base_url, options.model)
        if self.cut_off is not None:
            if self.embedded and self.cut_off.embedded:
                # Its server is started again, where the first one was.
                target = replace(target, base_url=self.cut_off.target.base_url, model=self.cut_off.target.model)
            resume.check(self.cut_off, self._assignment(target, ()).header())

    @property
    def notice(self) -> str:
        """Where the options come from, where the command line does not show it; empty where it does."""
        if self.target_file is not None:
            name = "the embedded reference server" if self.embedded else f"{self.options.base_url}, model {self.options.model}"
            return f"Target file {self.target_file.path}: {name}."
        if self.cut_off is None and Path(target_file.NAME).is_file():
            return f"{target_file.NAME} is left aside: --base-url names the endpoint. --target {target_file.NAME} takes the rest from it."
        return ""

    @property
    def selection(self) -> str:
        """How the user narrowed the run down; empty for all."""
        return " ".join([*sorted(self.only), self.options.chosen]).strip()

    def wants(self, requirement: Requirement) -> bool:
        """Whether `--only` leaves a requirement in."""
        return not self.only or requirement.id in self.only

    def level(self, requirement: Requirement) -> Level:
        """Level of a requirement in the dialect of this run."""
        return registry.level(requirement, self.contract)

    def target(self, base_url: str, model: str, *, key: str = "") -> Target:
        """The endpoint; `key` only for the embedded server, whose key is public. Raises `TargetError`."""
        options = self.options
        key_, variable = (key, KEY_VARIABLES[0]) if key else key_in_environment(options.key_variable)
        target = Target(
            base_url=base_url,
            model=model,
            key=key_,
            key_variable=variable,
            claims=self.claims,
            denies=self.denies,
            headers=tuple(_header(line) for line in options.header),
            query=tuple(_parameter(text) for text in options.query),
            secrets=self.target_file.secrets if self.target_file is not None else (),
            tls=Tls(ca_file=_file(options.ca_file), certificate=_file(options.client_certificate), key=_file(options.client_key)),
            proxy=options.proxy,
            bounds=self.bounds,
            concurrency=_whole("concurrency", options.concurrency),
            rate=_number("rate", options.rate) if options.rate else None,
            token_counts=self.token_counts,
            context_window=_whole("context-window", options.context_window) if options.context_window else None,
        )
        route.check(target)
        return target

    def conduct(self, requirements: tuple[Requirement, ...], progress: Progress, stop: threading.Event) -> Report:
        """Send what the requirements need, judge the answers, and write everything into the run's folder."""
        # In the order of the catalogue, as whoever judges the record again has them, not in that of pytest's collection.
        wanted = {requirement.id for requirement in requirements}
        requirements = tuple(requirement for requirement in self.catalogue.requirements if requirement.id in wanted)
        with self.endpoint() as target, signals(stop):
            assignment = self._assignment(target, requirements)
            # What it says stands in the record too, and the report says it on its first line.
            with contextlib.suppress(CannotTestError):
                work = session.conduct if self.cut_off is None else session.resume
                work(assignment, self.folder, progress, stop)
        return self.report(requirements)

    def forecast(self) -> Forecast:
        """What a run of everything wanted would send and may take, the preflight included; sends nothing."""
        target = self.target("http://127.0.0.1", "reference") if self.embedded else self.target(self.options.base_url, self.options.model)
        wanted = tuple(requirement for requirement in self.catalogue.requirements if self.wants(requirement))
        return forecast(self._assignment(target, wanted).everything(), self.budget.ceilings)

    def _assignment(self, target: Target, requirements: tuple[Requirement, ...]) -> session.Assignment:
        return session.Assignment(
            target=target,
            contract=self.contract,
            catalogue=self.catalogue,
            requirements=requirements,
            selection=self.selection,
            tier=self.tier,
            seed=self.seed,
            budget=self.budget,
            embedded=self.embedded,
            target_file=self.target_file.path if self.target_file is not None else "",
            shard=self.shard,
            scored_revision=self.scored_revision,
            overlay="" if self.options.dialect in contract.dialect_names() else self.options.dialect,
            strict=self.options.strict,
            accepted=self.accepted,
        )

    def report(self, requirements: tuple[Requirement, ...]) -> Report:
        """Judge the record in the run's folder, and render it there."""
        record = Record.open(self.folder / RECORD)
        report = reporting.judged(record, self.contract, self.catalogue, requirements, strict=self.options.strict)
        artefacts.write(report, self.folder)
        return report

    def second_opinion(self, report: Report) -> tuple[str, ...]:
        """What schemathesis makes of the same answers, in a few lines; changes nothing about the report.

        None for a part of the requirements, since nobody then objects to the rest, nor for a target that could not be tested.
        """
        from conformance.opinion import second_opinion
        from conformance.render import opinion

        if self.selection or self.shard or report.plan is None:
            return ()
        try:
            return tuple(opinion.short(second_opinion.compare(report, self.contract), str(self.folder)))
        except HarnessError as bug:
            return (f"Second opinion: {line(bug.message, 300)}",)

    @cached_property
    def folder(self) -> Path:
        """The run's own folder; its name says when and whom, and is never taken."""
        if self.cut_off is not None:
            return resume.folder(self.options.resume)
        host = "reference" if self.embedded else re.sub(r"[^a-z0-9.-]+", "-", Target(base_url=self.options.base_url, model="-").host)
        folder = fresh(self.options.output, host)
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise RecordError(
                f"The folder {folder} cannot be made: {error.strerror}.", hint="Name another one with --output DIR."
            ) from None
        return folder

    @contextlib.contextmanager
    def endpoint(self) -> Iterator[Target]:
        """What is tested, for the time of a `with` block: the target that was named, else a reference server started for it."""
        if not self.embedded:
            yield self.target(self.options.base_url, self.options.model)
            return
        from conformance.reference import launch

        port = urlsplit(self.cut_off.target.base_url).port if self.cut_off is not None else None
        with launch.Embedded(launch.Options(dialect=self.options.dialect, port=port or 0)) as server:
            yield self.target(server.base_url, server.model, key=server.key)

    def _accepted(self, path: str) -> tuple[Accepted, ...]:
        """Entries of the baseline; those of a run that is gone on with unless another one is named, which `resume.check` refuses."""
        if not path:
            return self.cut_off.accepted if self.cut_off is not None else ()
        from conformance.baseline import baseline_file

        return baseline_file.load(Path(path), self.contract, self.catalogue, datetime.now(UTC).date())

    def _token_counts(self, path: str) -> tuple[TokenCount, ...]:
        if not path:
            return ()
        from conformance.reference.service import MODEL

        return token_counts.read(Path(path), MODEL if self.embedded else self.options.model)

    def _features(self, option: str, given: tuple[str, ...]) -> frozenset[str]:
        known = tuple(self.contract.features)
        for name in _split(given):
            if name not in known:
                with at_fault(option):
                    raise UnknownNameError(f"feature (--{option})", name, known)
        return frozenset(_split(given))


@contextlib.contextmanager
def signals(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the run in good order; a second Ctrl-C ends it at once."""

    def end(number: int, _: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    if threading.current_thread() is not threading.main_thread():
        # Signals are the business of whoever started the thread.
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number in before:
            signal.signal(number, end)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def at_fault(*options: str) -> Iterator[None]:
    """Say of what is wrong within a `with` block, where it does not say itself, which options it lies in."""
    try:
        yield
    except ConfigurationError as error:
        error.options = error.options or options
        raise


def _tier(name: str) -> Tier:
    try:
        return Tier(name)
    except ValueError:
        with at_fault("tier"):
            raise UnknownNameError("tier", name, tuple(Tier)) from None


def _split(values: tuple[str, ...]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(f"--{option} takes a number, not {text!r}.", options=(option.replace("-", "_"),)) from None


def _whole(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigurationError(f"--{option} takes a whole number, not {text!r}.", options=(option.replace("-", "_"),)) from None


def _file(text: str) -> Path | None:
    return Path(text) if text else None


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise TargetError("A header has no colon.", hint="Write it as --header 'Name: value'.", options=("header",))
    return name.strip(), value.strip()


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise TargetError("A query parameter has no equals sign.", hint="Write it as --query NAME=VALUE.", options=("query",))
    return name, value
