"""Ways of being innocent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Habits of one server. The defaults are those of OpenAI's own service as far as they matter here."""

    # ---- the model
    mind: str = "obedient"
    """`obedient`, `rambling`, `terse`, `foreign`, `moody` (never the same twice), `canned` (always the same), `echo`, `newline` (begins
    with a blank line), `mute`, `chatty` (says something beside its calls)."""
    thinks: int = 0
    """Tokens that it thinks before it says anything; they count against the cap."""
    shows_thought: bool = True
    """Whether the thought is told, as `reasoning_content`."""
    shy: bool = False
    """Never calls a tool unless it has to."""
    at_once: int = 1
    """Most calls in one answer."""
    tokens: str = "words"
    """`words`, `bytes`, or `letters`."""
    end_token: int = 0
    """Tokens counted for the end of a text that ended by itself."""
    overhead: int = 4
    """Tokens of the template, for each message."""
    part_overhead: int = 0
    caches: bool = False
    """Whether repeated prompts are found again and said to be."""
    details: bool = True
    """Whether usage has details at all."""

    # ---- what it lacks, by the member that it refuses
    lacks: frozenset[str] = frozenset()
    """Members that are refused, and `json_schema`, `developer`, `parts`, `name`, `required`, `named`, `n`."""
    caps: frozenset[str] = frozenset({"max_tokens", "max_completion_tokens"})
    any_model: bool = False
    unknown_model: int = 404
    invalid: int = 400
    code: str = "word"
    """What stands in `error.code`: `word`, `null`, or `status` for the number."""
    bare_errors: bool = False
    """Errors that have a message and nothing else."""
    closed: bool = False
    """Whether members that it has never heard of are refused."""
    strict: bool = True
    """Whether it looks at members that it will not use, and at what lies between members."""
    open_door: bool = False
    """Whether it serves without a key."""
    wrong_key: int = 401

    # ---- how answers are put down
    nulls: str = "exact"
    """`exact`: as documented. `all`: null for everything absent. `none`: what could be null is left out."""
    role: str = "apart"
    """In streams: `apart`, `merged` with the first text, or `every`."""
    finish: str = "apart"
    """`apart` or `merged` with the last text."""
    blanks: bool = False
    """Deltas without anything, now and then."""
    usage: str = "asked"
    """In streams `asked`, `asked-bare` (no null before) or `always`; or `never`, in whole answers either."""
    serial: bool = False
    """Several choices one after the other."""
    whole_calls: bool = False
    named_finish: str = "stop"
    """How an answer ends that a named tool forced."""
    text_beside_calls: str | None = None

    # ---- how they travel
    newline: bytes = b"\n"
    space: bool = True
    comments: bool = False
    ascii: bool = True
    batch: int = 1
    """Events per write; 0 for all at once."""
    piece: int = 0
    """Bytes per write; 0 for whole events."""
    pause: float = 0.0
    """Seconds before each event."""
    body: str = "length"
    """How a whole body is delimited: `length`, `chunked` or `close`. Streams are chunked, unless it is `close`."""
    version: str = "HTTP/1.1"
    headers: str = "lower"
    """Case of header names: `lower`, `upper` or `title`."""
    charset: str = ""
    request_id: bool = True
    date: bool = True
    busy: int = 0
    """Every so manieth request is told to wait."""
    flaky: int = 0
    """Every so manieth request fails."""
