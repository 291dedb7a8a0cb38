"""Text that came from a target, made fit to be shown: nothing hidden, nothing that acts, nothing endless.

What a reader could not see, or what would do something to a terminal, an XML parser or the direction of a line, is written as
`⟨U+202E⟩`; a byte that is not UTF-8 as `⟨xFF⟩`. Escaping for HTML, XML or a shell is the business of whoever writes those.
"""

from __future__ import annotations

import re
from typing import Final

FIELD: Final = 400
"""Characters shown of one value."""

_UNSEEN: Final = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 controls but tab and newline: terminal escapes begin here
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, separators, bidirectional controls (UAX #9)
    "\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff"  # lone surrogates cannot be encoded at all
    "\ufdd0-\ufdef\ufffe\uffff"  # noncharacters; XML 1.0 forbids the last two
    "\U000e0000-\U000e0fff"  # tags: invisible text
    "]"
)


def visible(text: str) -> str:
    """Write out every character that could not be seen or would act. Tab and newline stay."""
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text)


def bounded(text: str, limit: int = FIELD) -> str:
    """Shorten to `limit` characters and say how many there were."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def shown(text: str, limit: int = FIELD) -> str:
    """Bounded and visible. Bounded first: a megabyte is not searched for the sake of its first line."""
    return visible(bounded(text, limit))


def line(text: str, limit: int = FIELD) -> str:
    """The same on one line: each end of a line becomes `↵`."""
    return shown(text, limit).replace("\n", "↵").replace("\t", " ")


def decoded(data: bytes) -> str:
    """Read bytes as UTF-8, with every byte that is none written out."""
    text = data.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]", lambda found: f"⟨x{ord(found.group()) - 0xDC00:02X}⟩", text)
