"""From captured traffic to a folder with a record, which is judged like any other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from conformance import __version__
from conformance.errors import ConfigurationError
from conformance.imports import secrecy
from conformance.imports.captured import PATH
from conformance.imports.convert import Conversion, LeftOutError
from conformance.model import Exchange, Tier
from conformance.provenance import Footer, Header, Identity, Imported
from conformance.record.runlog import RecordWriter
from conformance.strictjson import NotJsonError, get, parse

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.contract import Contract
    from conformance.imports.captured import Capture
    from conformance.registry import Catalogue

MODELS: Final = 3
"""Models that are named; a gateway may serve hundreds."""


def record(
    captured: Capture,
    path: Path,
    *,
    source: str,
    contract: Contract,
    catalogue: Catalogue,
    whole: bool = False,
    base_url: str = "",
    strict: bool = False,
) -> None:
    """Write a record of the chat completions in a capture, without their secrets.

    Raises `ConfigurationError` where they went to several endpoints and `base_url` does not say which is judged, and what `RecordWriter`
    raises.
    """
    completions = [entry for entry in captured.entries if entry.is_completion]
    conversion = Conversion(shared=secrecy.shared(captured.entries), whole=whole)
    exchanges: list[Exchange] = []
    left_out: Counter[str] = Counter()
    for entry in completions:
        try:
            exchanges.append(conversion.exchange(entry, len(exchanges) + 1))
        except LeftOutError as reason:
            left_out[str(reason)] += 1
    endpoint = _endpoint(exchanges, base_url)
    exchanges, elsewhere = _of(exchanges, endpoint)
    header = Header(
        suite_version=__version__,
        contract_revision=contract.revision,
        contract_digest=contract.digest,
        catalogue_digest=catalogue.digest,
        dialect=contract.chain,
        target=Identity(base_url=endpoint or base_url or "unknown", model=_models(exchanges)),
        tier=Tier.FULL,
        seed=0,
        selection="",
        strict=strict,
        started=min((each.started for each in exchanges if each.started), default=time.time()),
        imported=Imported(
            source=source,
            form=captured.form,
            tool=captured.tool,
            taken=len(exchanges),
            others=len(captured.entries) - len(completions) + elsewhere,
            unreadable=captured.unreadable,
            left_out=tuple(sorted(left_out.items())),
            whole=whole,
        ),
    )
    with RecordWriter(path, header) as writer:
        for exchange in exchanges:
            writer.append(exchange)
        ended = max((each.started + each.elapsed for each in exchanges), default=header.started)
        writer.close(Footer(complete=True, reason="", exchanges=len(exchanges), ended=ended))


def _of(exchanges: list[Exchange], endpoint: str) -> tuple[list[Exchange], int]:
    """The exchanges with one endpoint, and how many there are with others."""
    chosen = [each for each in exchanges if _base(each) == endpoint]
    return chosen, len(exchanges) - len(chosen)


def _base(exchange: Exchange) -> str:
    return exchange.sent.url.partition("?")[0].removesuffix(PATH)


def _endpoint(exchanges: Iterable[Exchange], wanted: str) -> str:
    """Base URL of what is judged. Raises `ConfigurationError` where that is not clear."""
    found = Counter(map(_base, exchanges))
    named = ", ".join(f"{base} ({number})" for base, number in found.most_common(8))
    if wanted:
        chosen = wanted.rstrip("/").removesuffix(PATH)
        if chosen not in found and found:
            raise ConfigurationError(f"No chat completion was asked of {wanted}.", hint=f"There are those of {named}.")
        return chosen
    if len(found) > 1:
        raise ConfigurationError(
            f"The traffic is that of {len(found)} endpoints: {named}.", hint="Say with --base-url which of them is judged."
        )
    return next(iter(found), "")


def _models(exchanges: Iterable[Exchange]) -> str:
    """The models that were asked, the most frequent first."""
    found = [name for name, _ in Counter(filter(None, map(_model, exchanges))).most_common()]
    more = f" and {len(found) - MODELS} more" if len(found) > MODELS else ""
    return ", ".join(found[:MODELS]) + more if found else "unknown"


def _model(exchange: Exchange) -> str:
    try:
        name = get(parse(exchange.sent.body).value, "model")
    except NotJsonError:
        return ""
    return name if isinstance(name, str) else ""
