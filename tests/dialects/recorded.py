"""What vendors were recorded or are documented to send, and which readings of the contract it fits.

Written by hand in the shape of the source that each case names, shortened to what matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.contract import Schema
from conformance.model import Json

GOMODEL: Final = "ENTERPILOT/GoModel@a26fbd1, recorded 2026-01-22"
AIBRIDGE: Final = "coder/aibridge@d59c7ef, recorded 2025-07"
KIMI: Final = "ENTERPILOT/GoModel@0503eb7, recorded 2026-07"

USAGE: Final[dict[str, Json]] = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
CALL: Final[dict[str, Json]] = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
FULL: Final[dict[str, Json]] = {"role": "assistant", "content": "Hello!", "refusal": None}
PLAIN: Final[dict[str, Json]] = {"role": "assistant", "content": "Hello!"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One message of a vendor."""

    name: str
    schema: Schema
    value: Json
    source: str
    strict: bool
    """Whether it fits `openai`."""
    compatible: bool
    """Whether it fits `openai-compatible`."""
    dialect: str | None = None
    """The vendor's own reading, where there is one."""
    own: bool = True
    """Whether it fits that one."""


def choice(message: Json, *, finish_reason: Json = "stop", **more: Json) -> dict[str, Json]:
    """A whole choice; without `logprobs` unless it is given."""
    return {"index": 0, "message": message, "finish_reason": finish_reason, **more}


def answer(*choices: Json, **more: Json) -> Json:
    """A whole answer."""
    head: dict[str, Json] = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1769040000, "model": "m"}
    return {**head, "choices": list(choices), "usage": {**USAGE}, **more}


def part(delta: Json, **more: Json) -> dict[str, Json]:
    """A choice of a chunk; without `finish_reason` unless it is given."""
    return {"index": 0, "delta": delta, **more}


def chunk(*choices: Json, **more: Json) -> Json:
    """A chunk."""
    head: dict[str, Json] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1769040000, "model": "m"}
    return {**head, "choices": list(choices), **more}


def fragment(**members: Json) -> Json:
    """A chunk with one fragment of a call."""
    return chunk(part({"tool_calls": [dict(members)]}, finish_reason=None))


def request(**members: Json) -> Json:
    """The smallest request and these members."""
    return {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **members}


def error(**members: Json) -> Json:
    """An error in its envelope."""
    return {"error": dict(members)}


RECORDED: Final = (
    # ---- OpenAI
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
    # ---- Groq
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
        name="groq times that are no numbers",
        schema=Schema.RESPONSE,
        value=answer(choice(FULL, logprobs=None), usage={**USAGE, "total_time": "12ms"}),
        source="groq/groq-python@9620fde types/completion_usage.py, broken",
        strict=True,
        compatible=True,
        dialect="groq",
        own=False,
    ),
    Case(
        name="groq request for two choices",
        schema=Schema.REQUEST,
        value=request(n=2),
        source="https://console.groq.com/docs/openai",
        strict=True,
        compatible=True,
        dialect="groq",
        own=False,
    ),
    Case(
        name="groq request on demand",
        schema=Schema.REQUEST,
        value=request(service_tier="on_demand", reasoning_effort="default", reasoning_format="parsed"),
        source="groq/groq-python@9620fde types/chat/completion_create_params.py",
        strict=False,
        compatible=False,
        dialect="groq",
    ),
    # ---- Gemini
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
        name="gemini fragment without index",
        schema=Schema.CHUNK,
        value=fragment(**CALL, extra_content={"google": {"thought_signature": "c2ln"}}),
        source="open-webui/computer#224",
        strict=False,
        compatible=False,
        dialect="gemini",
    ),
    # ---- xAI, Kimi
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
    # ---- Azure
    Case(
        name="azure first event",
        schema=Schema.CHUNK,
        value=chunk(id="", object="", created=0, model="", prompt_filter_results=[{"prompt_index": 0, "content_filter_results": {}}]),
        source="Azure/azure-sdk-for-go#21086",
        strict=False,
        compatible=False,
        dialect="azure",
    ),
    Case(
        name="azure chunk without an object that tells nothing",
        schema=Schema.CHUNK,
        value=chunk(part({"content": "Hello"}, finish_reason=None), object=""),
        source="Azure/azure-sdk-for-go#21086, broken",
        strict=False,
        compatible=False,
        dialect="azure",
        own=False,
    ),
    Case(
        name="azure late report of the filter",
        schema=Schema.CHUNK,
        value=chunk({"index": 0, "finish_reason": None, "content_filter_results": {}, "content_filter_offsets": {"check_offset": 44}}),
        source="microsoft/autogen#6465",
        strict=False,
        compatible=False,
        dialect="azure",
    ),
    Case(
        name="azure request that leaves the model to the URL",
        schema=Schema.REQUEST,
        value={"messages": [{"role": "user", "content": "Hello"}], "data_sources": [{"type": "azure_search", "parameters": {}}]},
        source="Azure/azure-rest-api-specs@ea83a2a",
        strict=False,
        compatible=False,
        dialect="azure",
    ),
    Case(
        name="azure refusal by the filter",
        schema=Schema.ERROR,
        value=error(
            message="The response was filtered.",
            type=None,
            param="prompt",
            code="content_filter",
            innererror={"code": "ResponsibleAIPolicyViolation"},
        ),
        source="Azure/azure-rest-api-specs@ea83a2a",
        strict=False,
        compatible=True,
        dialect="azure",
    ),
    # ---- DeepSeek
    Case(
        name="deepseek answer with thoughts",
        schema=Schema.RESPONSE,
        value=answer(
            choice({**PLAIN, "reasoning_content": "They greet."}, logprobs=None),
            usage={**USAGE, "prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 9},
        ),
        source="https://api-docs.deepseek.com/api/create-chat-completion",
        strict=False,
        compatible=True,
        dialect="deepseek",
    ),
    Case(
        name="deepseek answer broken off",
        schema=Schema.RESPONSE,
        value=answer(choice(FULL, logprobs=None, finish_reason="insufficient_system_resource")),
        source="https://api-docs.deepseek.com/api/create-chat-completion",
        strict=False,
        compatible=True,
        dialect="deepseek",
    ),
    Case(
        name="deepseek request for a schema",
        schema=Schema.REQUEST,
        value=request(response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": {}}}),
        source="https://api-docs.deepseek.com/api/create-chat-completion",
        strict=True,
        compatible=True,
        dialect="deepseek",
        own=False,
    ),
    # ---- Mistral
    Case(
        name="mistral content in parts",
        schema=Schema.RESPONSE,
        value=answer(choice({"role": "assistant", "content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Hello!"}]})),
        source="vercel/ai#13703",
        strict=False,
        compatible=False,
        dialect="mistral",
    ),
    Case(
        name="mistral fragment of content in parts",
        schema=Schema.CHUNK,
        value=chunk(part({"content": [{"type": "text", "text": "Hel"}]}, finish_reason=None)),
        source="vercel/ai#13703",
        strict=False,
        compatible=False,
        dialect="mistral",
    ),
    Case(
        name="mistral answer ended by the model's length",
        schema=Schema.RESPONSE,
        value=answer(choice(FULL, logprobs=None, finish_reason="model_length")),
        source="mistralai/client-python@05629d2",
        strict=False,
        compatible=True,
        dialect="mistral",
    ),
    Case(
        name="mistral arguments as an object",
        schema=Schema.RESPONSE,
        value=answer(
            choice(
                {**FULL, "content": "", "tool_calls": [{**CALL, "function": {"name": "look_up", "arguments": {"key": 1}}}]},
                logprobs=None,
                finish_reason="tool_calls",
            )
        ),
        source="mistralai/client-python@05629d2",
        strict=False,
        compatible=False,
        dialect="mistral",
    ),
    Case(
        name="mistral refusal of an unknown member",
        schema=Schema.ERROR,
        value={
            "object": "error",
            "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs", "input": {}}]},
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        },
        source="openai/openai-agents-python#442",
        strict=False,
        compatible=False,
        dialect="mistral",
    ),
    Case(
        name="mistral refusal by detail alone",
        schema=Schema.ERROR,
        value={"detail": [{"type": "extra_forbidden", "loc": ["body", "store"], "msg": "Extra inputs", "input": False}]},
        source="Gitlawb/openclaude#739",
        strict=False,
        compatible=False,
        dialect="mistral",
    ),
    Case(
        name="mistral error that says nothing",
        schema=Schema.ERROR,
        value={"object": "error"},
        source="mistralai/client-python@05629d2, broken",
        strict=False,
        compatible=False,
        dialect="mistral",
        own=False,
    ),
    Case(
        name="mistral tool_choice any",
        schema=Schema.REQUEST,
        value=request(tools=[{"type": "function", "function": {"name": "look_up"}}], tool_choice="any"),
        source="mistralai/client-python@05629d2",
        strict=False,
        compatible=False,
        dialect="mistral",
    ),
    # ---- Together
    Case(
        name="together answer ended by eos",
        schema=Schema.RESPONSE,
        value=answer(
            choice(
                {**PLAIN, "tool_calls": []},
                finish_reason="eos",
                logprobs={"tokens": ["Hello", "!"], "token_logprobs": [-0.1, None], "token_ids": [1, 2]},
            ),
            prompt=[],
        ),
        source="togethercomputer/openapi@090263a",
        strict=False,
        compatible=True,
        dialect="together",
    ),
    Case(
        name="together request for log probabilities",
        schema=Schema.REQUEST,
        value=request(logprobs=1, top_k=40),
        source="togethercomputer/openapi@090263a",
        strict=False,
        compatible=False,
        dialect="together",
    ),
    Case(
        name="together error without a type",
        schema=Schema.ERROR,
        value=error(message="No."),
        source="togethercomputer/openapi@090263a, broken",
        strict=False,
        compatible=True,
        dialect="together",
        own=False,
    ),
    # ---- Fireworks
    Case(
        name="fireworks request with a grammar",
        schema=Schema.REQUEST,
        value=request(response_format={"type": "grammar", "grammar": 'root ::= "yes" | "no"'}, context_length_exceeded_behavior="error"),
        source="https://docs.fireworks.ai/structured-responses/structured-output-grammar-based",
        strict=False,
        compatible=False,
        dialect="fireworks",
    ),
    Case(
        name="fireworks answer with thoughts",
        schema=Schema.RESPONSE,
        value=answer(choice({**PLAIN, "reasoning_content": "They greet."})),
        source="https://docs.fireworks.ai/guides/reasoning",
        strict=False,
        compatible=True,
        dialect="fireworks",
    ),
    # ---- servers that people run themselves
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
