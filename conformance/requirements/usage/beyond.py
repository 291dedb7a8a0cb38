"""What goes wrong with usage and cannot be seen in answers, or is a mistake of those who read them."""

from __future__ import annotations

from conformance.model import Area
from conformance.registry import excluded

excluded(
    "clients survive a chunk without choices",
    because="a mistake of clients; that the usage has such a chunk, and that gateways pass it on, is STREAM-USAGE-CHUNK",
    area=Area.USAGE,
    incidents=["ruc-datalab/DeepAnalyze#25"],
)
excluded(
    "a prompt that comes again is found in the cache, and the hit is told",
    because="caching is nobody's duty, and what was not told cannot be told from what was not cached; the rest is USAGE-CACHE-NAMES",
    area=Area.USAGE,
    incidents=["router-for-me/CLIProxyAPI#2419"],
)
excluded(
    "a stream that is broken off is billed for what was generated",
    because="what is billed shows in an account alone; that the next request is answered as ever is STREAM-HANG-UP",
    area=Area.USAGE,
    incidents=["bitrouter/bitrouter#537"],
)
excluded(
    "attempts that failed behind a gateway are accounted for",
    because="what a gateway tried elsewhere does not show in its answer",
    area=Area.USAGE,
    incidents=["octos-org/octos#1533"],
)
excluded(
    "a client that hangs up learns what it used",
    because="the usage comes last by design, so that whoever hangs up does without; nothing that a server could do better is documented",
    area=Area.USAGE,
    incidents=["openai/openai-openapi#539"],
)
