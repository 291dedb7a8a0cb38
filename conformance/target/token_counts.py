"""What prompts are known to cost, in a file of the user's own: an oracle for those who know their tokenizer.

TOML or JSON, by the name of the model::

    [["my-model"]]
    prompt = "hi"
    prompt_tokens = 5

The same as JSON: `{"my-model": [{"prompt": "hi", "prompt_tokens": 5}]}`. Each prompt is sent as a single message of the user, so its
count is that of the whole template around it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance import strictjson
from conformance.errors import TargetError
from conformance.model import Json, TokenCount

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXAMPLE: Final = '`[["MODEL"]]`, and below it `prompt = "hi"` and `prompt_tokens = 5`'
_MEMBERS: Final = frozenset({"prompt", "prompt_tokens"})


def read(path: Path, model: str) -> tuple[TokenCount, ...]:
    """The counts that a file has for a model, each prompt once. Raises `TargetError` for a file that cannot be used."""
    models = _parsed(path)
    if not isinstance(models, dict) or not all(isinstance(entries, list) for entries in models.values()):
        raise TargetError(f"{path} does not list prompts by model.", hint=f"Write {_EXAMPLE}.")
    counts = {name: tuple(_entries(entries, f"{path}, {name}")) for name, entries in models.items() if isinstance(entries, list)}
    if not counts.get(model):
        known = ", ".join(name for name, listed in counts.items() if listed) or "none"
        raise TargetError(f"{path} has no counts for the model {model!r}.", hint=f"It has some for: {known}.")
    return counts[model]


def _parsed(path: Path) -> Json:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TargetError(f"{path} cannot be read: {error.strerror}.", hint="Name a file with --token-counts FILE.") from None
    except UnicodeDecodeError:
        raise TargetError(f"{path} is not UTF-8.") from None
    try:
        if path.suffix == ".json":
            return strictjson.parse(text).value
        parsed: Json = tomllib.loads(text)
    except strictjson.NotJsonError as error:
        raise TargetError(f"{path} is not JSON: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path} is not TOML: {error}.", hint="A file of JSON has to end in .json.") from None
    return parsed


def _entries(entries: list[Json], where: str) -> Iterator[TokenCount]:
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        place = f"{where}, entry {number}"
        if not isinstance(entry, dict) or entry.keys() != _MEMBERS:
            raise TargetError(f"{place}: an entry has `prompt` and `prompt_tokens`, and nothing else.", hint=f"Write {_EXAMPLE}.")
        prompt, tokens = entry["prompt"], entry["prompt_tokens"]
        if not isinstance(prompt, str) or not prompt:
            raise TargetError(f"{place}: the prompt is no text, or empty.")
        if not isinstance(tokens, int) or isinstance(tokens, bool) or tokens < 1:
            raise TargetError(f"{place}: prompt_tokens is no whole number above 0.")
        if prompt in seen:
            raise TargetError(f"{place}: the same prompt stands there twice.", hint="Keep one of the two.")
        seen.add(prompt)
        yield TokenCount(prompt=prompt, prompt_tokens=tokens)
