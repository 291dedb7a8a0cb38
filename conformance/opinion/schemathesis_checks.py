"""schemathesis' own checks of a response, run on exchanges that were recorded. Sends nothing.

How it holds cases, labels and contexts is internal to it, and a minor release may move that; pyproject pins the minor version, and
`tests/test_second_opinion.py` holds what is relied on here.
"""

from __future__ import annotations

import json
import re
import warnings
from enum import StrEnum
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from conformance.strictjson import NotJsonError, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.contract import Contract
    from conformance.model import Exchange, Json

PATH: Final = "/chat/completions"

_EVENT: Final = re.compile(r"Event #\d+")


class Check(StrEnum):
    """A check of schemathesis that needs no further requests."""

    SERVER_ERROR = "not_a_server_error"
    STATUS = "status_code_conformance"
    MEDIA_TYPE = "content_type_conformance"
    HEADERS = "response_headers_conformance"
    SCHEMA = "response_schema_conformance"
    REJECTION = "negative_data_rejection"
    ACCEPTANCE = "positive_data_acceptance"


SAYS_NOTHING: Final = frozenset({401, 402, 403, 408, 425, 429})
"""Statuses that blame no request. Of its own accord schemathesis takes most of them, and any 5xx, for a refusal of bad data."""

_CONFIG: Final = {
    "checks": {
        "negative_data_rejection": {"expected-statuses": [str(each) for each in range(400, 500) if each not in SAYS_NOTHING]},
        "positive_data_acceptance": {"expected-statuses": ["2XX"]},
    },
}


class Checks:
    """The checks, for one reading of the contract."""

    def __init__(self, contract: Contract) -> None:
        """Let schemathesis read the contract. Takes most of a second, the half of it for importing."""
        import schemathesis
        from schemathesis.checks import CHECKS, CheckContext, load_all_checks
        from schemathesis.config import SchemathesisConfig

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_all_checks()
            schema = schemathesis.openapi.from_dict(_document(contract), config=SchemathesisConfig.from_dict(_CONFIG))
        operation: Any = schema[PATH]["POST"]
        self._operation = operation
        self._requests = operation.get_body_for_media_type("application/json").get_validator()
        self._checks: Any = CHECKS.get_by_names(list(Check))
        config = schema.config.checks_config_for(operation=operation)
        self._context = CheckContext(override=None, auth=None, headers=None, config=config, transport_kwargs=None, response_checks=None)

    def objections(self, exchange: Exchange) -> Mapping[Check, str]:
        """The checks that fail on an answer, each with what it says, in a line. The exchange needs a status.

        Whether the request counts as good or bad data is schemathesis' judgement too; a body that is not JSON is neither.
        """
        from schemathesis.checks import run_checks
        from schemathesis.core.transport import Response

        headers: dict[str, list[str]] = {}
        for name, value in exchange.headers:
            headers.setdefault(name.lower(), []).append(value)
        sent = exchange.sent
        response = Response(
            status_code=exchange.status or 0,
            headers=headers,
            content=exchange.body,
            # No check that is asked here wants more of it than this, and this package knows no other HTTP library than its own.
            request=SimpleNamespace(method=sent.method, url=sent.url, headers=dict(sent.headers), body=sent.body),  # type: ignore[arg-type]
            elapsed=exchange.elapsed,
            verify=True,
            encoding="utf-8",
        )
        found: dict[Check, str] = {}

        def object_(name: str, _: object, failure: object) -> None:
            found.setdefault(Check(name), _words(failure))

        run_checks(
            case=self._case(exchange),
            response=response,
            ctx=self._context,
            checks=self._checks,
            on_failure=object_,
        )
        return found

    def fits(self, body: Json) -> bool:
        """Whether schemathesis finds that a body fits the schema of requests."""
        return bool(self._requests.is_valid(body))

    def _case(self, exchange: Exchange) -> Any:
        from schemathesis import GenerationMode
        from schemathesis.core.parameters import ParameterLocation
        from schemathesis.generation.meta import CaseMetadata, ComponentInfo, GenerationInfo, PhaseInfo, TestPhase, build_phase_data

        try:
            body = parse(exchange.sent.body).value
        except NotJsonError:
            return self._operation.Case(body=exchange.sent.body, media_type="application/json")
        mode = GenerationMode.POSITIVE if self.fits(body) else GenerationMode.NEGATIVE
        meta = CaseMetadata(
            generation=GenerationInfo(time=0.0, mode=mode),
            components={ParameterLocation.BODY: ComponentInfo(mode=mode)},
            phase=PhaseInfo(name=TestPhase.FUZZING, data=build_phase_data(TestPhase.FUZZING, None)),
        )
        return self._operation.Case(body=body, media_type="application/json", _meta=meta)


def _document(contract: Contract) -> dict[str, Any]:
    """The contract without its response for any other status, which would leave nothing to object to in a status."""
    document: dict[str, Any] = json.loads(json.dumps(contract.document))
    document["paths"][PATH]["post"]["responses"].pop("default", None)
    return document


def _words(failure: Any) -> str:
    """What a failure says, on one line, without the schema and the document it quotes."""
    path = getattr(failure, "instance_path", None)
    if path is not None:
        event = _EVENT.match(str(failure.message))
        place = f"{event[0]}, /" if event else "/"
        return f"{failure.title} at {place}{'/'.join(str(step) for step in path)}: {str(failure._raw_message)[:200]}"
    lines = [line.strip() for line in str(failure.message).splitlines() if line.strip() and not line.startswith("Expected:")]
    return ": ".join([str(failure.title), "; ".join(lines)[:200]] if lines else [str(failure.title)])
