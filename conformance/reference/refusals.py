"""Every way in which the reference server says no: status, envelope and the words in it.

The envelope holds `message`, `type`, `param` and `code`, each always there (`ErrorResponse` in the contract). `code` is null where the
original leaves it null. A wrong key is never repeated whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance import json_pointer

if TYPE_CHECKING:
    from conformance.contract import SchemaFault
    from conformance.model import Json
    from conformance.reference.transport import Headers

INVALID_REQUEST = "invalid_request_error"
_CHALLENGE = (("www-authenticate", "Bearer"),)
"""Every 401 says how to do better (RFC 9110, section 15.5.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that is an error."""

    status: int
    message: str
    type: str = INVALID_REQUEST
    param: str | None = None
    code: str | None = None
    headers: Headers = ()

    def envelope(self) -> dict[str, Json]:
        """Write the body."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


class Refused(Exception):  # noqa: N818 - it ends the handling of a request; nothing went wrong
    """Carries a refusal up to where replies are made."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


_CODES = {
    "required": "missing_required_parameter",
    "type": "invalid_type",
    "enum": "invalid_value",
    "const": "invalid_value",
    "pattern": "invalid_value",
    "format": "invalid_value",
    "oneOf": "invalid_type",
    "anyOf": "invalid_type",
    "multipleOf": "invalid_value",
    "additionalProperties": "unknown_parameter",
    "unevaluatedProperties": "unknown_parameter",
    "maxItems": "array_above_max_length",
    "minLength": "string_below_min_length",
    "maxLength": "string_above_max_length",
    "maxProperties": "invalid_value",
    "propertyNames": "invalid_value",
}
"""`error.code` by the keyword broken: the family the original uses; none of it is enumerated in its specification.

A union is the broken keyword only when no arm has the right type; otherwise the contract names what broke in the arm that was meant.
"""


def of_fault(fault: SchemaFault, body: Json) -> Refusal:
    """Turn the first broken clause into a 400 that names the field; a broken dependency has no code, as in the original."""
    path = _path(fault.pointer, body)
    if fault.keyword == "required" and (missing := re.search(r"'([^']+)'", fault.message)):
        path = f"{path}.{missing[1]}" if path else missing[1]
        message = f"Missing required parameter: '{path}'."
    else:
        message = f"Invalid value for '{path or 'body'}': {fault.message.rstrip('.')}."
    return Refusal(status=400, message=message, param=path or None, code=_code(fault, body))


def _code(fault: SchemaFault, body: Json) -> str | None:
    if fault.keyword in {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
        kind = "integer" if isinstance(json_pointer.at(body, fault.pointer), int) else "decimal"
        return f"{kind}_{'below_min' if fault.keyword.lower().endswith('minimum') else 'above_max'}_value"
    if fault.keyword == "minItems":
        return "empty_array" if json_pointer.at(body, fault.pointer) == [] else "array_below_min_length"
    return _CODES.get(fault.keyword)


def _path(pointer: str, body: Json) -> str:
    """Write a JSON Pointer the way the original names fields: `messages[0].content`."""
    path, seen = "", ""
    for step in json_pointer.steps(pointer):
        within = isinstance(json_pointer.at(body, seen), list)
        path += f"[{step}]" if within else f".{step}" if path else step
        seen += json_pointer.write([step])
    return path


def no_key() -> Refusal:
    """No usable Authorization header."""
    message = "You didn't provide an API key. Send it in an Authorization header, as in 'Authorization: Bearer YOUR_KEY'."
    return Refusal(status=401, message=message, headers=_CHALLENGE)


def wrong_key(key: str) -> Refusal:
    """A key, but not ours; only its ends are shown, and nothing of a short one."""
    shown = f"{key[:3]}***{key[-4:]}" if len(key) >= 16 else "***"
    return Refusal(status=401, message=f"Incorrect API key provided: {shown}.", code="invalid_api_key", headers=_CHALLENGE)


def unknown_model(model: str) -> Refusal:
    """A model that is not served here."""
    return Refusal(status=404, message=f"The model '{model}' does not exist.", code="model_not_found")


def unknown_path(method: str, path: str) -> Refusal:
    """A path that leads nowhere."""
    return Refusal(status=404, message=f"Unknown request URL: {method} {path}.", code="unknown_url")


def wrong_method(method: str, path: str, allow: str) -> Refusal:
    """A method that the path does not know (RFC 9110, section 15.5.6: Allow is a must)."""
    message = f"{path} does not support {method}; use {allow}."
    return Refusal(status=405, message=message, code="method_not_supported", headers=(("allow", allow),))


def oversize(limit: int) -> Refusal:
    """A body that is not even read."""
    return Refusal(status=413, message=f"The request is larger than {limit} bytes.", code="request_too_large")


def media_type(given: str | None) -> Refusal:
    """A body that is not declared as JSON; the original answers 400, not 415 (openai/openai-openapi#502)."""
    message = f"Unsupported content type: {given!r}; send application/json." if given else "Send a Content-Type of application/json."
    return Refusal(status=400, message=message, code="unsupported_content_type")


def not_json(why: str) -> Refusal:
    """A body that is not JSON, or not the JSON that everybody reads alike (RFC 8259, RFC 7493)."""
    return Refusal(status=400, message=f"The body of the request could not be read as JSON: {why}.")


def not_an_object() -> Refusal:
    """JSON, but no parameters."""
    return Refusal(status=400, message="The body of the request must be a JSON object.", code="invalid_type")


def too_long(used: int, window: int) -> Refusal:
    """More prompt than fits into the model."""
    message = f"This model's maximum context length is {window} tokens; the messages came to {used}. Shorten them."
    return Refusal(status=400, message=message, param="messages", code="context_length_exceeded")


def unsupported(param: str, what: str) -> Refusal:
    """A documented feature that this server does not have: refused, never ignored."""
    return Refusal(status=400, message=f"{what} is not supported by this model.", param=param, code="unsupported_parameter")
