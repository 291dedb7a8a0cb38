"""What every page has in common: values made visible and escaped by the environment itself, style and script pinned by their hash."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance.render.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BASE: Final = "base.css"
"""Colours and type, the same on every page; stands before the style of each."""


def render(
    template: str, *, style: str, script: str = "", filters: Mapping[str, Callable[..., object]] | None = None, **values: object
) -> str:
    """Return a page. `template`, `style` and `script` name files beside this package; the template gets the sources and a policy.

    The policy (CSP 3) allows that style and that script and nothing else, so that markup which got in could neither style nor run.
    """
    environment = _environment().overlay()
    environment.filters = {**environment.filters, **(filters or {})}
    sources = {"style": _source(BASE) + _source(style), "script": _source(script) if script else Markup("")}
    allowed = {f"{name}-src": _hash(source) if source else "'none'" for name, source in sources.items()}
    policy = "; ".join(
        ["default-src 'none'", *(f"{name} {value}" for name, value in allowed.items()), "base-uri 'none'", "form-action 'none'"]
    )
    return environment.get_template(template).render(policy=Markup(policy), **sources, **values)  # noqa: S704 - hashes, and words of ours


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("conformance.render"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = lambda value: str(value).lower().replace(" ", "-")
    environment.filters["prose"] = _prose
    return environment


def _finalize(value: object) -> object:
    """Make every value of every template visible; escaping comes after."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """Our own sentences, in which backquotes mean code."""
    pieces = [escape(visible(piece)) for piece in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(piece) if number % 2 else piece for number, piece in enumerate(pieces))


@cache
def _source(name: str) -> Markup:
    environment = _environment()
    if environment.loader is None:
        raise AssertionError("the environment is made with a loader")
    return Markup("\n" + environment.loader.get_source(environment, name)[0].strip() + "\n")  # noqa: S704 - ours


def _hash(source: Markup) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(str(source).encode()).digest()).decode()}'"
