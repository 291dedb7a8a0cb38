"""Traffic of vendors that somebody recorded, and which readings of the contract it fits.

Written by hand in the shape of the recordings, shortened to what matters.
"""

from __future__ import annotations

from typing import Final

from conformance.contract import Schema
from tests.dialects.messages import CALL, FULL, PLAIN, USAGE, Case, answer, choice, chunk, error, fragment, part

GOMODEL: Final = "ENTERPILOT/GoModel@a26fbd1, recorded 2026-01-22"
AIBRIDGE: Final = "coder/aibridge@d59c7ef, recorded 2025-07"
KIMI: Final = "ENTERPILOT/GoModel@0503eb7, recorded 2026-07"

RECORDED: Final = (
    Case(
        name="openai answer",
        schema=Schema.RESPONSE,
        value=answer(
            choice({**FULL, "annotations": []}, logprobs=None),
            usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0}},
            service_tier="default",
            system_fingerprint=None,
        ),
        source=GOMODEL,
        strict=True,
        compatible=True,
    ),
    Case(
        name="openai answer with a call",
        schema=Schema.RESPONSE,
        value=answer(choice({**FULL, "content": None, "tool_calls": [CALL], "annotations": []}, logprobs=None, finish_reason="tool_calls")),
        source=AIBRIDGE,
        strict=True,
        compatible=True,
    ),
    Case(
        name="openai first chunk",
        schema=Schema.CHUNK,
        value=chunk(
            part({"role": "assistant", "content": "", "refusal": None}, logprobs=None, finish_reason=None), usage=None, obfuscation="x7"
        ),
        source=GOMODEL,
        strict=True,
        compatible=True,
    ),
    Case(
        name="openai last chunk of a choice",
        schema=Schema.CHUNK,
        value=chunk(part({}, logprobs=None, finish_reason="stop"), usage=None),
        source=GOMODEL,
        strict=True,
        compatible=True,
    ),
    Case(
        name="openai usage chunk",
        schema=Schema.CHUNK,
        value=chunk(usage={**USAGE}),
        source=GOMODEL,
        strict=True,
        compatible=True,
    ),
    Case(
        name="openai first fragment of a call",
        schema=Schema.CHUNK,
        value=fragment(index=0, id="call_1", type="function", function={"name": "look_up", "arguments": ""}),
        source=AIBRIDGE,
        strict=True,
        compatible=True,
    ),
    Case(
        name="openai o3-mini answer without logprobs",
        schema=Schema.RESPONSE,
        value=answer(choice({**FULL, "annotations": []})),
        source=GOMODEL,
        strict=False,
        compatible=True,
    ),
    Case(
        name="openai error in mid-stream",
        schema=Schema.ERROR,
        value=error(message="The server had an error.", type="server_error", param=None, code=None),
        source=AIBRIDGE,
        strict=True,
        compatible=True,
    ),
    Case(
        name="groq answer",
        schema=Schema.RESPONSE,
        value=answer(
            choice(PLAIN, logprobs=None),
            service_tier="on_demand",
            usage={**USAGE, "queue_time": 0.05, "prompt_time": 0.002, "completion_time": 0.01, "total_time": 0.012},
            x_groq={"id": "req_1"},
        ),
        source=GOMODEL,
        strict=False,
        compatible=True,
        dialect="groq",
    ),
    Case(
        name="groq answer whose only fault is the tier",
        schema=Schema.RESPONSE,
        value=answer(choice(FULL, logprobs=None), service_tier="on_demand"),
        source=GOMODEL,
        strict=False,
        compatible=True,
        dialect="groq",
    ),
    Case(
        name="groq call without content",
        schema=Schema.RESPONSE,
        value=answer(choice({"role": "assistant", "tool_calls": [CALL]}, logprobs=None, finish_reason="tool_calls")),
        source=GOMODEL,
        strict=False,
        compatible=True,
        dialect="groq",
    ),
    Case(
        name="groq last chunk with usage",
        schema=Schema.CHUNK,
        value=chunk(part({}, logprobs=None, finish_reason="stop"), usage={**USAGE}, x_groq={"id": "req_1", "usage": {**USAGE}}),
        source=GOMODEL,
        strict=True,  # by its shape; where usage belongs is a requirement of its own
        compatible=True,
        dialect="groq",
    ),
    Case(
        name="gemini answer",
        schema=Schema.RESPONSE,
        value=answer(choice(PLAIN)),
        source=GOMODEL,
        strict=False,
        compatible=True,
        dialect="gemini",
    ),
    Case(
        name="gemini call without content",
        schema=Schema.RESPONSE,
        value=answer(
            choice(
                {"role": "assistant", "tool_calls": [{**CALL, "extra_content": {"google": {"thought_signature": "c2ln"}}}]},
                finish_reason="tool_calls",
            )
        ),
        source=GOMODEL,
        strict=False,
        compatible=True,
        dialect="gemini",
    ),
    Case(
        name="gemini whole answer in one chunk",
        schema=Schema.CHUNK,
        value=chunk(part({"role": "assistant", "content": "Hello!"}, finish_reason="stop"), usage={**USAGE}),
        source=GOMODEL,
        strict=True,
        compatible=True,
        dialect="gemini",
    ),
    Case(
        name="xai chunk without finish_reason",
        schema=Schema.CHUNK,
        value=chunk(part({"role": "assistant", "content": "Hel"})),
        source=GOMODEL,
        strict=False,
        compatible=True,
    ),
    Case(
        name="xai answer without logprobs",
        schema=Schema.RESPONSE,
        value=answer(choice(FULL), usage={"prompt_tokens": 10, "completion_tokens": 35, "total_tokens": 420}),
        source=GOMODEL,
        strict=False,
        compatible=True,
    ),
    Case(
        name="xai total that is no sum",
        schema=Schema.USAGE,
        value={
            "prompt_tokens": 10,
            "completion_tokens": 35,
            "total_tokens": 420,
            "completion_tokens_details": {"reasoning_tokens": 375},
        },
        source=GOMODEL,
        strict=True,  # by its shape; the sum is a requirement of its own
        compatible=True,
    ),
    Case(
        name="kimi usage inside the choice",
        schema=Schema.CHUNK,
        value=chunk(part({}, finish_reason="stop", usage={**USAGE})),
        source=KIMI,
        strict=True,  # an unknown member; where usage belongs is a requirement of its own
        compatible=True,
    ),
)
