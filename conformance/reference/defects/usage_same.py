"""Defects that show when one thing is asked in several ways, and in what a text is said to cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.model import Tier
from conformance.reference.behaviour import COMPLETION, Call, defect
from conformance.reference.defects.usage import recounted
from conformance.reference.request import Format
from conformance.reference.tokens import prompt_tokens
from conformance.strictjson import get

if TYPE_CHECKING:
    from conformance.reference.completion import Completion


@defect("members-counted-in-order", seam=COMPLETION, trips={"USAGE-PROMPT-PERMUTED"})
def members_counted_in_order(completion: Completion, call: Call) -> Completion:
    """What stands before the model's name in the body is counted as prompt."""
    first = next(iter(call.body), "") if isinstance(call.body, dict) else ""
    return completion if first == "model" else recounted(completion, prompt=completion.usage.prompt + 3)


@defect("greedy-prompts-longer", seam=COMPLETION, trips={"USAGE-PROMPT-OTHER-PARAMETERS", "USAGE-PROMPT-TEMPERATURE"})
def greedy_prompts_longer(completion: Completion, call: Call) -> Completion:
    """At temperature 0 another template is used, and its tokens are counted."""
    return recounted(completion, prompt=completion.usage.prompt + 1) if get(call.body, "temperature") == 0 else completion


@defect("neighbours-counted", seam=COMPLETION, trips={"USAGE-PROMPT-IN-COMPANY"}, tier=Tier.FULL)
def neighbours_counted(completion: Completion, call: Call) -> Completion:
    """Requests for one and the same thing that come together are counted as a batch."""
    before = call.state.count(f"batch {call.raw.body.hex()}")
    return recounted(completion, prompt=completion.usage.prompt * before) if 2 <= before <= 4 else completion


@defect("replay-undercounted", seam=COMPLETION, trips={"USAGE-SAME-TEXT"}, incident="BerriAI/litellm#42244")
def replay_undercounted(completion: Completion, call: Call) -> Completion:
    """An answer that is replayed from a cache is counted as half of what it cost the first time."""
    again = call.state.count(f"replay {call.raw.body.hex()}") > 0
    return recounted(completion, generated=completion.usage.completion // 2) if again else completion


@defect(
    "completion-ends-at-five",
    seam=COMPLETION,
    trips={"USAGE-CHOICES", "USAGE-COMPLETION-GROWS", "USAGE-COMPLETION-WORDS", "USAGE-LOGPROBS", "USAGE-STOPPED"},
    incident="cequence-io/openai-scala-client#96",
)
def completion_ends_at_five(completion: Completion, _: Call) -> Completion:
    """The counter of text ends at five."""
    return recounted(completion, generated=min(5, completion.usage.completion))


@defect(
    "prompt-counted-by-bytes",
    seam=COMPLETION,
    trips={"USAGE-PROMPT-EXACT", "USAGE-PROMPT-RESULT", "USAGE-PROMPT-WORDS"},
    incident="headroomlabs-ai/headroom#2712",
)
def prompt_counted_by_bytes(completion: Completion, call: Call) -> Completion:
    """One token is counted for every forty bytes of the prompt, and a few for each tool and picture."""
    said = sum(len(message.text.encode()) for message in call.request.messages)
    more = len(call.request.tools) + 9 * sum(message.attachments for message in call.request.messages)
    return recounted(completion, prompt=1 + said // 40 + more)


@defect("objects-counted-as-one", seam=COMPLETION, trips={"USAGE-COMPLETION-WORDS"}, incident="vllm-project/vllm-omni#2313")
def objects_counted_as_one(completion: Completion, call: Call) -> Completion:
    """An answer in JSON leaves in one piece, and is counted as one token."""
    return recounted(completion, generated=1) if call.request.format is Format.JSON_OBJECT else completion


@defect("schema-uncounted", seam=COMPLETION, trips={"USAGE-PROMPT-SCHEMA"}, tier=Tier.FULL)
def schema_uncounted(completion: Completion, call: Call) -> Completion:
    """The schema of an answer is not counted."""
    shaped = call.request.format is Format.JSON_SCHEMA
    return recounted(completion, prompt=prompt_tokens(replace(call.request, overhead=()))) if shaped else completion


@defect("template-uncounted", seam=COMPLETION, trips={"USAGE-PROMPT-EXACT"})
def template_uncounted(completion: Completion, call: Call) -> Completion:
    """Of a prompt of a word or two nothing but the words is counted."""
    words = sum(len(message.text.split()) for message in call.request.messages)
    return recounted(completion, prompt=words) if 0 < words <= 2 else completion
