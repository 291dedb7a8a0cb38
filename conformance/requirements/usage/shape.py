"""What a usage object consists of."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Finding, Json, Level, Place
from conformance.registry import contract, incident, requirement
from conformance.requirements.usage.counts import COUNTERS, DETAILS, at, counted, counted_whole, usage_of
from conformance.requirements.usage.details import extensions
from conformance.strictjson import get, is_integer, show
from conformance.subjects.reply import Answer, Reply


def _natural(value: Json) -> bool:
    return is_integer(value) and isinstance(value, int | float) and value >= 0


@requirement(
    "USAGE-PRESENT",
    Level.SHOULD,
    on=counted_whole,
    cites=[contract("/x-usage/present"), incident("simonw/llm#1698"), incident("unslothai/unsloth#5781")],
)
def whole_answer_has_usage(whole: Answer) -> Iterator[Finding]:
    """An answer that is not streamed has a usage object.

    The schema leaves it optional; everybody who pays by the token, or keeps an eye on the context window, relies on it.
    """
    if not isinstance(whole.usage, dict):
        yield Finding(code="no-usage", expected="a usage object", received=show(whole.usage), at=Place(pointer="/usage"))


@requirement(
    "USAGE-COUNTERS",
    Level.MUST,
    on=counted,
    cites=[
        contract("/components/schemas/CompletionUsage/required"),
        incident("earendil-works/pi#2325"),
        incident("BerriAI/litellm#1571"),
    ],
)
def usage_has_three_counters(answered: Reply) -> Iterator[Finding]:
    """A usage object has prompt_tokens, completion_tokens and total_tokens, under these names.

    Clients that look for them read zero from `input_tokens` and `output_tokens`.
    """
    usage = usage_of(answered)
    for name in COUNTERS:
        if name not in usage:
            yield Finding(
                code="missing-counter", expected=name, received=f"only {', '.join(usage) or 'an empty object'}"[:200], at=at(name)
            )


@requirement(
    "USAGE-INTEGERS",
    Level.MUST,
    on=counted,
    cites=[contract("/x-usage/counts"), incident("philschmid/easyllm#40"), incident("Arize-ai/openinference#1183")],
)
def counters_are_integers(answered: Reply) -> Iterator[Finding]:
    """The three counters are integers of at least 0, neither fractions nor strings nor null."""
    usage = usage_of(answered)
    for name in COUNTERS:
        if name in usage and not _natural(usage[name]):
            yield Finding(code="not-a-count", expected="an integer of at least 0", received=show(usage[name]), at=at(name))


@requirement(
    "USAGE-DETAILS-INTEGERS",
    Level.MUST,
    on=counted,
    cites=[
        contract("/components/schemas/PromptTokensDetails"),
        contract("/components/schemas/CompletionTokensDetails"),
        incident("QwenLM/qwen-code#7239"),
    ],
)
def details_are_integers(answered: Reply) -> Iterator[Finding]:
    """The counts among the details are integers of at least 0, and details are an object.

    A detail that is absent or null is no count and no fault; what a vendor adds is the affair of USAGE-EXTENSIONS.
    """
    usage, added = usage_of(answered), extensions(answered.observation.contract)
    for group, schema in DETAILS.items():
        if not isinstance(details := usage.get(group), dict | None):
            yield Finding(code="no-object", expected="an object", received=show(details), at=at(group))
        known = answered.observation.contract.at(f"/components/schemas/{schema}/properties")
        for name in known if isinstance(known, dict) else ():
            value = MISSING if (group, name) in added else get(usage, group, name)
            if value is not MISSING and value is not None and not _natural(value):
                yield Finding(code="not-a-count", expected="an integer of at least 0", received=show(value), at=at(f"{group}/{name}"))
