"""What the fragments of a call are: each a new piece, none of them blank where an earlier one spoke."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from conformance.model import Finding, Level
from conformance.registry import contract, incident, requirement
from conformance.requirements.streaming.reading import Fragment, by_call
from conformance.requirements.streaming.tools import with_tools
from conformance.strictjson import NotJsonError, get, parse, show
from conformance.subjects.reply import Stream


@requirement(
    "STREAM-TOOL-DELTAS",
    Level.MUST,
    on=with_tools,
    cites=[
        contract("/x-stream/tool-fragment-join"),
        incident("NousResearch/hermes-agent#35592"),
        incident("openai/openai-agents-js#712"),
        incident("VicBilibily/GCMP#196"),
    ],
)
def fragments_say_what_is_new(stream: Stream) -> Iterator[Finding]:
    """Each fragment of a call brings a new piece of its arguments: not all of them so far, nor all of them once more at the end.

    Nor does `{}` stand in for arguments that are yet to come. Clients put the pieces together and get `{…}{…}`, which no reader takes
    for JSON. Told only where one of the fragments holds the whole arguments, so that no model can have written it like this.
    """
    for own in map(_own, by_call(stream)):
        pieces = _pieces(own)
        if len(pieces) < 2:
            continue
        expected, received, place = "pieces that make one JSON object", show("".join(pieces)), own[-1].at()
        if _is_object(pieces[-1]) and all(later.startswith(earlier) for earlier, later in pairwise(pieces)):
            yield Finding(code="snapshots", expected=expected, received=received, at=place)
        elif _is_object(pieces[-1]) and pieces[-1] == "".join(pieces[:-1]):
            yield Finding(code="once-more", expected=expected, received=received, at=place)
        elif pieces[0].strip() == "{}" and _is_object("".join(pieces[1:])):
            yield Finding(code="placeholder", expected=expected, received=received, at=place)


def _own(call: list[Fragment]) -> list[Fragment]:
    """The fragments up to one that begins another call under the same index."""
    first, *later = call
    end = next((number for number, each in enumerate(later, 1) if each.begins_another(first)), len(call))
    return call[:end]


def _pieces(call: list[Fragment]) -> list[str]:
    """The arguments in each fragment of a function's call, where there are some."""
    return [text for each in call if (text := each.text("function", "arguments"))]


def _is_object(text: str) -> bool:
    try:
        return isinstance(parse(text).value, dict)
    except NotJsonError:
        return False


@requirement(
    "STREAM-TOOL-BLANK",
    Level.SHOULD,
    on=with_tools,
    cites=[
        contract("/x-stream/tool-fragment-later"),
        incident("spring-projects/spring-ai#6369"),
        incident("bitrouter/bitrouter#552"),
        incident("lazy-hq/aisdk#121"),
    ],
)
def later_fragments_blank_nothing(stream: Stream) -> Iterator[Finding]:
    """No later fragment of a call has an empty string for its id or name; clients take it for the beginning of another call.

    Others overwrite what they had. An empty type is the affair of STREAM-TOOL-TYPE-KEPT.
    """
    for first, *later in by_call(stream):
        for name, known, path in (("id", first.id, ["id"]), ("name", first.name, [first.inner, "name"])):
            blank = next((each for each in later if known and get(each.value, *path) == ""), None)
            if blank is not None:
                yield Finding(code=f"empty-{name}", expected="(absent)", received='""', at=blank.at(f"/{'/'.join(path)}"))
