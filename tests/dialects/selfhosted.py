"""What servers and gateways that people run themselves take and send, and which readings of the contract it fits.

Written by hand in the shape of the source that each case names. A source that ends in `broken` was spoilt on purpose.
"""

from __future__ import annotations

from typing import Final

from conformance.contract import Schema
from tests.dialects.messages import FULL, PLAIN, Case, answer, choice, error, request

SELF_HOSTED: Final = (
    Case(
        name="vllm answer",
        schema=Schema.RESPONSE,
        value=answer(
            choice({**FULL, "tool_calls": [], "annotations": None, "reasoning": None}, logprobs=None, stop_reason=None, token_ids=None),
            prompt_logprobs=None,
        ),
        source="vllm-project/vllm@002032e",
        strict=False,
        compatible=True,
        dialect="vllm",
    ),
    Case(
        name="vllm error with a number for its code",
        schema=Schema.ERROR,
        value=error(message="No.", type="BadRequestError", param=None, code=400),
        source="vllm-project/vllm@002032e",
        strict=False,
        compatible=True,
        dialect="vllm",
    ),
    Case(
        name="vllm request without a model",
        schema=Schema.REQUEST,
        value={"messages": [{"role": "user", "content": "Hello"}], "top_k": -1, "min_p": 0.05, "stop_token_ids": [2]},
        source="vllm-project/vllm@002032e",
        strict=False,
        compatible=False,
        dialect="vllm",
    ),
    Case(
        name="vllm request with tokens that are none",
        schema=Schema.REQUEST,
        value=request(stop_token_ids=["two"]),
        source="vllm-project/vllm@002032e, broken",
        strict=True,
        compatible=True,
        dialect="vllm",
        own=False,
    ),
    Case(
        name="llama.cpp error of a prompt too long",
        schema=Schema.ERROR,
        value=error(code=400, message="Too long.", type="exceed_context_size_error", n_prompt_tokens=5000, n_ctx=4096),
        source="ggml-org/llama.cpp@00dc805",
        strict=False,
        compatible=True,
        dialect="llama.cpp",
    ),
    Case(
        name="llama.cpp request with a schema beside the type",
        schema=Schema.REQUEST,
        value=request(response_format={"type": "json_schema", "schema": {"type": "object"}}),
        source="ggml-org/llama.cpp@00dc805",
        strict=False,
        compatible=False,
        dialect="llama.cpp",
    ),
    Case(
        name="llama.cpp request for a schema without one",
        schema=Schema.REQUEST,
        value=request(response_format={"type": "json_schema"}),
        source="ggml-org/llama.cpp@00dc805, broken",
        strict=False,
        compatible=False,
        dialect="llama.cpp",
        own=False,
    ),
    Case(
        name="llama.cpp answer with timings",
        schema=Schema.RESPONSE,
        value=answer(choice(PLAIN), timings={"prompt_n": 9, "predicted_per_second": 41.5}),
        source="ggml-org/llama.cpp@00dc805",
        strict=False,
        compatible=True,
        dialect="llama.cpp",
    ),
    Case(
        name="ollama answer with thoughts",
        schema=Schema.RESPONSE,
        value=answer(choice({**PLAIN, "reasoning": "They greet."}), system_fingerprint="fp_ollama"),
        source="ollama/ollama@fb30760",
        strict=False,
        compatible=True,
        dialect="ollama",
    ),
    Case(
        name="ollama error",
        schema=Schema.ERROR,
        value=error(message="model not found", type="not_found_error", param=None, code=None),
        source="ollama/ollama@fb30760",
        strict=True,
        compatible=True,
        dialect="ollama",
    ),
    Case(
        name="ollama request with an effort that it lacks",
        schema=Schema.REQUEST,
        value=request(reasoning_effort="xhigh"),
        source="ollama/ollama@fb30760",
        strict=True,
        compatible=True,
        dialect="ollama",
        own=False,
    ),
    Case(
        name="litellm error with its status for a code",
        schema=Schema.ERROR,
        value=error(message="No.", type=None, param=None, code="400"),
        source="https://docs.litellm.ai/docs/exception_mapping",
        strict=False,
        compatible=True,
        dialect="litellm",
    ),
    Case(
        name="litellm error with the word None for a type",
        schema=Schema.ERROR,
        value=error(message="No.", type="None", param=None, code="400"),
        source="BerriAI/litellm#10910",
        strict=True,  # by its shape; that a type is a word is a requirement of its own
        compatible=True,
        dialect="litellm",
    ),
)
