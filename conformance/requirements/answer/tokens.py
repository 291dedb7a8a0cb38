"""The bytes of the tokens that log probabilities are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Detail, Finding, Json, Level, Place
from conformance.observation import AbsentError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.logprobs import asked, entries, raw
from conformance.strictjson import get, show
from conformance.subjects.reply import Reply

_WRITTEN: Final = ("bytes:", "<", "\\x")
"""How tokens begin that are written down rather than spelt: pieces of a character, and marks."""

_STANDING: Final = frozenset("\u2581\u0120\u010a\ufffd")
"""Characters that stand for others in the vocabularies of tokenizers: a space, a line break, what could not be decoded."""


@requirement(
    "ANSWER-LOGPROBS-BYTES",
    Level.SHOULD,
    on=asked,
    cites=[contract("/components/schemas/TokenBytes"), incident("vllm-project/vllm#3179")],
    rests_on=[Detail.BYTES],
)
def bytes_spell_the_token(answered: Reply) -> Iterator[Finding]:
    """The bytes of a token are its text in UTF-8; who puts characters together from several tokens reads nothing else.

    Tokens that are part of a character, or that are written down in some other way, are left alone.
    """
    judged = [(pointer, entry, data) for pointer, entry in entries(answered) if (data := raw(entry)) is not None and _is_spelt(entry)]
    if not judged:
        raise AbsentError("no token has bytes")
    for pointer, entry, data in judged:
        token = str(get(entry, "token"))
        text = _text(data)
        if text is not None and text != token:
            place = Place(pointer=f"{pointer}/bytes")
            yield Finding(code="other-bytes", expected=f"the UTF-8 of {show(token)}", received=f"that of {show(text)}", at=place)


def _is_spelt(entry: Json) -> bool:
    token = get(entry, "token")
    return isinstance(token, str) and not token.startswith(_WRITTEN) and not _STANDING & set(token)


def _text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
