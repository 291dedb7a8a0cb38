"""The choices of an answer and the messages in them."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import MISSING, Finding, Json, Level, Place
from conformance.observation import UnmetError
from conformance.registry import contract, incident, requirement
from conformance.requirements.answer.valid import valid_answer, valid_reply
from conformance.strictjson import get, is_integer, items, show
from conformance.subjects.reply import Answer, Choice, Reply


def _messages(whole: Answer) -> list[tuple[str, dict[str, Json]]]:
    """Pointer and object of every message. Raises `UnmetError` when there is none."""
    found = [
        (f"/choices/{position}/message", message)
        for position, choice in enumerate(items(whole.body, "choices"))
        if isinstance(message := get(choice, "message"), dict)
    ]
    if not found:
        raise UnmetError("the answer has no message")
    return found


@requirement(
    "ANSWER-CHOICES",
    Level.MUST,
    on=valid_answer,
    cites=[
        contract("/components/schemas/CreateChatCompletionResponse/properties/choices"),
        contract("/x-answer/choices-count"),
        incident("vercel/ai#20351"),
        incident("langchain-ai/langchain#35236"),
    ],
)
def there_is_a_choice(whole: Answer) -> Iterator[Finding]:
    """A success has at least one choice; clients read the first without looking."""
    if not items(whole.body, "choices"):
        received = show(get(whole.body, "choices"))
        yield Finding(code="no-choice", expected="a list with a choice in it", received=received, at=Place(pointer="/choices"))


@requirement(
    "ANSWER-INDEXES",
    Level.MUST,
    on=valid_answer,
    cites=[contract("/x-answer/choice-indexes"), incident("pydantic/pydantic-ai#2723")],
)
def indexes_count_the_choices(whole: Answer) -> Iterator[Finding]:
    """The indexes of the choices are 0, 1, 2 and so on, each once."""
    if not whole.choices:
        raise UnmetError("the answer has no choice")
    indexes = [choice.index for choice in whole.choices]
    numbers = sorted(int(index) for index in indexes if is_integer(index) and isinstance(index, int | float))
    if numbers != list(range(len(indexes))):
        expected = f"each of 0 to {len(indexes) - 1} once"
        received = ", ".join(show(index) for index in indexes)
        yield Finding(code="indexes", expected=expected, received=received, at=Place(pointer="/choices"))


@requirement(
    "ANSWER-N",
    Level.MUST,
    on=valid_reply.needing("n"),
    cites=[
        contract("/x-answer/choices-count"),
        contract("/x-request/honour-or-refuse"),
        incident("abetlen/llama-cpp-python#1906"),
        incident("InternLM/lmdeploy#4419"),
    ],
    shows=["n"],
)
def n_is_honoured(answered: Reply) -> Iterator[Finding]:
    """There are as many choices as `n` asks for. An endpoint that has just one to give refuses the request."""
    wanted = get(answered.request, "n")
    if not isinstance(wanted, int) or not answered.choices:
        raise UnmetError("the request has no n, or the answer no choice")
    if len(answered.choices) != wanted:
        yield Finding(code="other-number", expected=f"{wanted} choices", received=str(len(answered.choices)), at=Place(pointer="/choices"))


@requirement(
    "ANSWER-ROLE",
    Level.MUST,
    on=valid_answer,
    cites=[contract("/components/schemas/ResponseMessage/properties/role"), incident("ml-explore/mlx-lm#1739")],
)
def role_is_assistant(whole: Answer) -> Iterator[Finding]:
    """The role of a message is `assistant`."""
    for pointer, message in _messages(whole):
        if (role := message.get("role", MISSING)) != "assistant":
            yield Finding(code="role", expected="assistant", received=show(role), at=Place(pointer=f"{pointer}/role"))


@requirement(
    "ANSWER-CONTENT",
    Level.MUST,
    on=valid_answer,
    cites=[
        contract("/components/schemas/ResponseMessage/properties/content"),
        incident("vercel/ai#13703"),
        incident("vercel/ai#15890"),
    ],
)
def content_is_text(whole: Answer) -> Iterator[Finding]:
    """The content of a message is a string or null; never a list of parts, whatever the request used."""
    for pointer, message in _messages(whole):
        content = message.get("content")
        if content is not None and not isinstance(content, str):
            yield Finding(code="not-text", expected="a string or null", received=show(content), at=Place(pointer=f"{pointer}/content"))


@requirement(
    "ANSWER-CONTENT-KEY",
    Level.MUST,
    on=valid_answer,
    cites=[contract("/components/schemas/ResponseMessage/required"), incident("ml-explore/mlx-lm#1739")],
)
def content_is_there(whole: Answer) -> Iterator[Finding]:
    """Every message has the member content, null where something else takes its place."""
    for pointer, message in _messages(whole):
        if "content" not in message:
            yield Finding(
                code="no-content", expected="content, if only null", received=f"only {', '.join(message)}", at=Place(pointer=pointer)
            )


@requirement(
    "ANSWER-SAYS-SOMETHING",
    Level.SHOULD,
    on=valid_reply,
    cites=[
        contract("/x-answer/says-something"),
        incident("lmstudio-ai/lmstudio-bug-tracker#1602"),
        incident("EricLBuehler/mistral.rs#2294"),
    ],
)
def says_something(answered: Reply) -> Iterator[Finding]:
    """An answer that ended with `stop`, and for which tokens were counted, has content, a refusal or a call.

    Often the text was left in a field for reasoning, where clients do not look for it. A model that said nothing is not blamed on its
    server: one token may be counted for the end.
    """
    ended = [choice for choice in answered.choices if choice.finish_reason == "stop"]
    if not ended or get(answered.request, "stop") not in (None, MISSING):
        raise UnmetError("no choice ended of itself")
    silent = [choice for choice in ended if not _speaks(choice)]
    tokens = get(answered.usage, "completion_tokens")
    if silent and not (isinstance(tokens, int) and tokens > len(answered.choices)):
        raise UnmetError("the model said nothing, for all that is known")
    for choice in silent:
        if not _otherwise(answered):
            yield Finding(
                code="empty", expected="content, a refusal or a call", received=f"content {show(choice.content)} for {tokens} tokens"
            )


def _speaks(choice: Choice) -> bool:
    return bool(choice.text or choice.calls) or isinstance(choice.content, list) or choice.refusal not in (None, MISSING, "")


def _otherwise(answered: Reply) -> bool:
    """Whether a message of a whole answer holds sound or a call in the deprecated form."""
    messages = [get(choice, "message") for choice in items(answered.head, "choices")]
    return any(isinstance(get(message, name), dict) for message in messages for name in ("audio", "function_call"))
