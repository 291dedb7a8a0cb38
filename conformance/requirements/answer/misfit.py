"""A value beside a JSON Schema that came with a request."""

from __future__ import annotations

import json
from functools import lru_cache

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry

from conformance.model import Json


def misfit(schema: dict[str, Json], value: Json) -> ValidationError | None:
    """The part of the schema that a value misses most clearly; None when it fits.

    Raises `SchemaError` where the schema is none, and `Unresolvable` where it refers to another one.
    """
    worst: ValidationError | None = best_match(_validator(json.dumps(schema)).iter_errors(value))
    return worst


@lru_cache(maxsize=64)
def _validator(schema: str) -> Draft202012Validator:
    """Checking a schema takes longer than anything else that is done to an answer, and a run asks for few of them."""
    read = json.loads(schema)
    Draft202012Validator.check_schema(read)
    return Draft202012Validator(read, registry=Registry())
