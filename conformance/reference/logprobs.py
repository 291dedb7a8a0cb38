"""Log probabilities for tokens that were never in doubt: made up from the token, but consistent.

The chosen token is the likeliest; the alternatives share what is left, each less than half as likely as the one before, so that
 the probabilities of a position never add up to more than one, rounded or not.
"""

from __future__ import annotations

import math
import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.model import Json

_RATIO = 0.45
"""How likely an alternative is, measured by what those before it left."""
_OTHERS = re.findall(r" \w+", " the a of and to in is it on as at by or be an we he so no up us")


def entry(token: str, top: int) -> dict[str, Json]:
    """Describe one generated token with its `top` likeliest alternatives, itself first."""
    chosen = 0.5 + zlib.crc32(token.encode()) % 400 / 1000
    likely = [(token, chosen)]
    rest = 1 - chosen
    for other in _OTHERS:
        if other != token:
            rest *= _RATIO
            likely.append((other, rest))
    alternatives: list[Json] = [_candidate(text, chance) for text, chance in likely[:top]]
    return {**_candidate(token, chosen), "top_logprobs": alternatives}


def _candidate(token: str, chance: float) -> dict[str, Json]:
    return {"token": token, "logprob": round(math.log(chance), 6), "bytes": list(token.encode())}
