"""The target file, `conformance.toml`: what a project says once about its endpoint, and every run of it then obeys.

Each option of a run has its place there (`options.Option.key`); nothing else may stand in it. What is wrong with a file is told all at
once, with the line and what to do, before anything is sent. No secret belongs into it: headers, parameters and the proxy refer to
variables of the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from conformance.errors import ConfigurationError, TargetError
from conformance.options import REFERENCE, Options
from conformance.target import same_endpoint
from conformance.target.target_reader import Mistake, Reader
from conformance.target.toml_places import Document, Place

NAME: Final = "conformance.toml"
"""Taken from the current directory where no other is named."""

_NAMED: Final = re.compile(r"--([a-z][a-z-]+)")
"""An option in the sentence of an error that does not say otherwise which one it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFile:
    """A target file that was read."""

    path: str
    """As the user named it."""
    values: Mapping[str, str | bool | tuple[str, ...]] = field(default_factory=dict, repr=False)
    """By the field of `options.Options` that each fills; secrets of the environment included."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What the file takes from the environment, where it is long enough to be a secret."""
    models: tuple[str, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where each of `values` stands."""

    @property
    def base_url(self) -> str:
        """The endpoint that it is about."""
        return str(self.values.get("base_url", ""))

    def is_about(self, base_url: str) -> bool:
        """Whether its headers, key and certificates are meant for this endpoint; `REFERENCE` stands for the embedded server."""
        return base_url == self.base_url or (REFERENCE not in (base_url, self.base_url) and same_endpoint(base_url, self.base_url))

    def completed(self, options: Options) -> Options:
        """The options, with those of the file where none was given otherwise.

        Raises `TargetError` where an endpoint is missing, or more than one model could be meant.
        """
        values = {name: value for name, value in self.values.items() if name not in options.named}
        named = options.named | values.keys()
        if "base_url" not in named:
            hint = f'Write it under [target] as base_url = "https://host/v1", or "{REFERENCE}" for the embedded reference server.'
            raise TargetError(f"{self.path} does not say what is to be tested: there is no target.base_url.", hint=hint)
        if len(self.models) > 1 and "model" not in named:
            hint = f"Name one with --model: {', '.join(self.models)}."
            raise TargetError(f"{self.path} names {len(self.models)} models, and a run asks one.", hint=hint)
        if self.models and "model" not in named:
            values |= {"model": self.models[0]}
        return replace(options, **values, named=named)  # type: ignore[arg-type]

    def located(self, error: ConfigurationError, options: Options) -> ConfigurationError:
        """The same error with the place of what it is about, where that stands in the file rather than on the command line."""
        for name in error.options or tuple(each.replace("-", "_") for each in _NAMED.findall(error.message)):
            if (place := self.places.get(name)) is not None and getattr(options, name) == self.values.get(name):
                return ConfigurationError(f"{place}: {error.message}", hint=error.hint, options=error.options)
        return error


def chosen(options: Options, folder: Path | None = None) -> TargetFile | None:
    """The target file of a run: the one that `--target` names, else `conformance.toml` in the current directory.

    None where there is none, and where `--base-url` is given without `--target`: keys and headers of a file go to no other endpoint.
    Raises `TargetError` where it cannot be used.
    """
    if options.target:
        return read(Path(options.target))
    found = (folder or Path()) / NAME
    if "base_url" in options.named or not found.is_file():
        return None
    return read(found)


def read(path: Path, environment: Mapping[str, str] | None = None) -> TargetFile:
    """Read a target file, and check everything that can be checked of it alone. Raises `TargetError` with all that is wrong."""
    return parsed(Document(path), environment)


def parsed(document: Document, environment: Mapping[str, str] | None = None) -> TargetFile:
    """The same, for what is laid out as a target file and stands elsewhere."""
    reader = Reader(document, os.environ if environment is None else environment)
    values = dict(reader.values())
    if reader.mistakes:
        raise _summed_up(document.path, reader.mistakes)
    places = {name: document.place(*key.split(".")) for name, key in reader.found.items()}
    return TargetFile(path=document.path, values=values, secrets=reader.secrets, models=reader.models, places=places)


def _summed_up(path: str, mistakes: list[Mistake]) -> TargetError:
    ordered = sorted(mistakes, key=lambda each: (each.place.line, each.place.column))
    if len(ordered) == 1:
        return TargetError(f"{ordered[0].place}: {ordered[0].text}", hint=ordered[0].hint)
    lines = [f"  {each.place}: {each.text}\n    {each.hint}" for each in ordered]
    return TargetError("\n".join([f"{path} has {len(ordered)} mistakes:", *lines]))
