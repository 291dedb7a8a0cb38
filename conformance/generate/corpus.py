"""The invalid requests of one reading of the contract: shipped for the readings we ship, generated once and cached for a user's own.

Generating takes seconds and imports schemathesis; reading takes milliseconds and does not. A corpus is found by the digest of the
request part of its contract, so it cannot be stale: another contract has another file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance import __version__
from conformance.generate.handwritten import from_hand
from conformance.generate.malformed import Malformed, malformed
from conformance.generate.mutants import Mutant, canonical, name
from conformance.generate.request_part import request_digest
from conformance.generate.shrink import shrunk
from conformance.model import Json, Level, Violation

if TYPE_CHECKING:
    from conformance.contract import Contract

SHIPPED: Final = Path(__file__).parent.parent / "corpus"
_NAME_LENGTH: Final = 16
_MOVABLE: Final = frozenset({"minimum", "maximum", "maxItems", "maxLength"})
"""Constraints that a reading may tighten: a value far outside, written by hand, says nothing about where the bound now is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Every request that one reading of the contract says is to be refused, or may be."""

    mutants: tuple[Mutant, ...]
    """Each breaks exactly one clause; sorted by key."""

    def malformed(self, minimal: dict[str, Json]) -> tuple[Malformed, ...]:
        """Bodies that are no JSON object, made from one that the target accepts. They are the same under every reading."""
        return malformed(minimal)


def load(contract: Contract) -> Corpus:
    """The corpus of a contract: as shipped, else as cached, else generated (about 3 s) and cached if the cache can be written."""
    file = file_name(contract)
    kept = cache_folder()
    for folder in (SHIPPED, kept):
        found = None if folder is None else _read(folder / file)
        if found is not None:
            return found
    corpus = generate(contract)
    if kept is not None:
        with contextlib.suppress(OSError):
            _write(kept / file, corpus)
    return corpus


def generate(contract: Contract) -> Corpus:
    """Make the corpus from the contract alone. Imports schemathesis."""
    from conformance.generate.coverage import from_coverage

    written = from_hand(contract)
    known = {each.broken for each in written if each.violation.constraint not in _MOVABLE}
    found = [shrunk(contract, each) for each in from_coverage(contract) if each.broken not in known]
    return Corpus(mutants=tuple(sorted(name([*written, *found]), key=lambda mutant: mutant.key)))


def write(contract: Contract) -> Path:
    """Generate the corpus of a contract and put it where the shipped ones are."""
    path = SHIPPED / file_name(contract)
    _write(path, generate(contract))
    return path


READY: Final = ("openai", "openai-compatible")
"""Readings whose corpus is shipped. Those of vendors are generated at their first use, in seconds, and kept in the cache."""


def regenerate() -> list[Path]:
    """Write the corpora of `READY` and the drawn conversations, and remove files that are no longer anybody's."""
    from conformance import contract
    from conformance.generate import drawings

    paths = [write(contract.load(dialect)) for dialect in READY]
    (SHIPPED / drawings.SHIPPED.name).write_text(drawings.dump(contract.load()), encoding="utf-8", newline="\n")
    for stale in set(SHIPPED.glob("*.jsonl")) - set(paths):
        stale.unlink()
    return sorted(set(paths))


def file_name(contract: Contract) -> str:
    """Name of the corpus file of a contract: readings that agree about requests share one."""
    return f"{request_digest(contract)[:_NAME_LENGTH]}.jsonl"


def cache_folder() -> Path | None:
    """Where generated corpora are kept between runs, by the XDG Base Directory rules; each version of the generator has its own.

    None for a user without a home, as in some containers: then nothing is kept.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        root = base if base.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return root / "chat-completions-conformance" / f"{__version__}-{_generator_digest()}"


@cache
def _generator_digest() -> str:
    """Fingerprint of the modules that make a corpus: a checkout changes without its version."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


def dump(corpus: Corpus) -> str:
    """The text of a corpus file: a line that says how many mutants follow, then one line each."""
    lines = [canonical({"mutants": len(corpus.mutants)}), *(canonical(asdict(mutant)) for mutant in corpus.mutants)]
    return "".join(f"{line}\n" for line in lines)


def parse(text: str) -> Corpus:
    """Read what `dump` wrote. Raises `ValueError`, `KeyError` or `TypeError` for anything else, a torn file included."""
    head, *lines = text.splitlines()
    if json.loads(head)["mutants"] != len(lines):
        raise ValueError("the file is not whole")
    return Corpus(mutants=tuple(_mutant(json.loads(line)) for line in lines))


def _mutant(line: dict[str, object]) -> Mutant:
    match line:
        case {"key": str(key), "violation": dict(violation), "level": str(level), "put": dict(put), "drop": list(drop)}:
            return Mutant(key=key, violation=Violation(**violation), level=Level(level), put=put, drop=tuple(drop))
        case _:
            raise ValueError("a line is no mutant")


def _read(path: Path) -> Corpus | None:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, corpus: Corpus) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(dump(corpus), encoding="utf-8", newline="\n")
    part.replace(path)
