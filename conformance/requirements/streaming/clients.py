"""Mistakes of clients, for which servers get reports. Nothing is asked of servers here; our own readers are held against each."""

from __future__ import annotations

from typing import Final

from conformance.model import Area
from conformance.registry import excluded

_MISTAKES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "the role is absent or null in later deltas": ("tests/test_legal_oddities.py", ("mistralai/mistral-vibe#666",)),
    "fragments of several calls may alternate": ("tests/test_subjects.py", ("QwenLM/Qwen-Agent#943",)),
    "a read may end within a character": ("tests/test_sse.py", ("danielmiessler/Fabric#2203",)),
    "lines may end in CRLF": ("tests/test_sse.py", ("miruamel/xuan#194",)),
    "comments keep a connection alive": ("tests/test_sse.py", ("continuedev/continue#13144",)),
    "a line has no greatest length": ("tests/test_sse.py", ("SamSaffron/term-llm#298",)),
    "the first chunk holds the role alone, a fragment of a call null for what it does not tell": (
        "tests/test_legal_oddities.py",
        ("ggml-org/llama.cpp#22722", "higress-group/higress#3953"),
    ),
    "U+2028, U+2029 and U+0085 end no line": ("tests/test_sse.py", ("modelscope/evalscope#1642",)),
}
"""What is legal; the test that our own readers survive it; a report of a client that did not."""

for _clause, (_test, _reports) in _MISTAKES.items():
    excluded(_clause, because=f"a mistake of clients; our own readers survive it: {_test}", area=Area.STREAMING, incidents=_reports)
