"""Defects in the body of answers: its JSON, its label, its outermost members and its choices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.behaviour import ANSWER, COMPLETION, REPLY, REQUEST, Call, defect
from conformance.reference.completion import Finish
from conformance.reference.pieces import each_choice, each_message
from conformance.reference.request import Format

if TYPE_CHECKING:
    from conformance.model import Json
    from conformance.reference.completion import Completion
    from conformance.reference.request import ChatRequest
    from conformance.reference.transport import Reply


def _rewritten(reply: Reply, old: bytes, new: bytes) -> Reply:
    """Change the bytes of a successful answer."""
    return replace(reply, body=reply.body.replace(old, new)) if reply.status == 200 and isinstance(reply.body, bytes) else reply


@defect("answer-terminated", seam=REPLY, trips={"ANSWER-JSON"})
def answer_terminated(reply: Reply, call: Call) -> Reply:
    """An answer with several choices is followed by the terminator of a stream."""
    several = call.request.n > 1 and reply.status == 200
    return replace(reply, body=reply.body + b"\n\ndata: [DONE]\n\n") if several and isinstance(reply.body, bytes) else reply


@defect("answer-always-terminated", seam=REPLY, trips={"ANSWER-JSON"})
def answer_always_terminated(reply: Reply, _: Call) -> Reply:
    """Every answer in one piece is followed by the terminator of a stream."""
    return replace(reply, body=reply.body + b"\n\ndata: [DONE]\n\n") if reply.status == 200 and isinstance(reply.body, bytes) else reply


@defect("answer-marked", seam=REPLY, trips={"ANSWER-JSON"})
def answer_marked(reply: Reply, _: Call) -> Reply:
    """Every answer in one piece begins with a byte order mark."""
    return replace(reply, body=b"\xef\xbb\xbf" + reply.body) if reply.status == 200 and isinstance(reply.body, bytes) else reply


@defect("answer-names-twice", seam=REPLY, trips={"ANSWER-JSON-NAMES"}, incident="tinyhumansai/openhuman#4207")
def answer_names_twice(reply: Reply, _: Call) -> Reply:
    """A member of the message is written by two layers."""
    return _rewritten(reply, b'"refusal":null,"annotations"', b'"refusal":null,"refusal":null,"annotations"')


@defect("answer-half-character", seam=REPLY, trips={"ANSWER-JSON-UNICODE"}, incident="Aider-AI/aider#3693")
def answer_half_character(reply: Reply, _: Call) -> Reply:
    """A string of the answer holds half of a surrogate pair."""
    return _rewritten(reply, b'"fp_reference"', rb'"fp_\ud83d"')


@defect("answer-streamed-unasked", seam=REQUEST, trips={"ANSWER-NOT-STREAMED"})
def answer_streamed_unasked(request: ChatRequest, _: Call) -> ChatRequest:
    """With log probabilities the answer is always streamed."""
    return replace(request, stream=request.stream or request.logprobs)


@defect("answer-always-streamed", seam=REQUEST, trips={"ANSWER-NOT-STREAMED"})
def answer_always_streamed(request: ChatRequest, _: Call) -> ChatRequest:
    """Whatever `stream` says, the answer is a stream."""
    return replace(request, stream=True)


@defect("answer-by-accept", seam=REQUEST, trips={"ANSWER-NOT-STREAMED"})
def answer_by_accept(request: ChatRequest, call: Call) -> ChatRequest:
    """Who accepts an event stream is given one, asked for or not."""
    return replace(request, stream=request.stream or "event-stream" in (call.raw.header("accept") or ""))


@defect("stream-by-accept", seam=REQUEST, trips={"STREAM-HONOURED"})
def stream_by_accept(request: ChatRequest, call: Call) -> ChatRequest:
    """Who accepts JSON, as the Python client says with every request, is given no stream."""
    return replace(request, stream=request.stream and call.raw.header("accept") != "application/json")


@defect("answer-as-text", seam=REPLY, trips={"ANSWER-MEDIA-TYPE"}, incident="janhq/cortex.cpp#465")
def answer_as_text(reply: Reply, _: Call) -> Reply:
    """Answers are labelled as plain text."""
    return reply.with_header("content-type", "text/plain; charset=utf-8") if reply.status == 200 else reply


@defect("object-wrong", seam=ANSWER, trips={"ANSWER-OBJECT"}, incident="langgenius/dify#3506")
def object_wrong(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The answer calls itself a text completion."""
    return answer | {"object": "text_completion"}


@defect("answer-id-missing", seam=ANSWER, trips={"ANSWER-SCHEMA"}, incident="pydantic/pydantic-ai#2996")
def id_missing(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """An answer has no id."""
    return {name: value for name, value in answer.items() if name != "id"}


@defect("created-milliseconds", seam=ANSWER, trips={"ANSWER-CREATED"}, incident="EricLBuehler/mistral.rs#1805")
def created_milliseconds(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The time of the answer is given in milliseconds."""
    created = answer["created"]
    return answer | {"created": created * 1000} if isinstance(created, int) else answer


@defect("answer-id-empty", seam=ANSWER, trips={"ANSWER-ID"}, incident="huggingface/text-generation-inference#1782")
def id_empty(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The id of an answer is empty."""
    return answer | {"id": ""}


@defect("id-repeated", seam=ANSWER, trips={"ANSWER-ID-UNIQUE"})
def id_repeated(answer: dict[str, Json], call: Call) -> dict[str, Json]:
    """From the second answer on, all have one id."""
    return answer | {"id": "chatcmpl-0"} if call.state.count("answers") else answer


@defect("model-empty", seam=ANSWER, trips={"ANSWER-MODEL"}, incident="microsoft/autogen#222")
def model_empty(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The model is named by an empty string."""
    return answer | {"model": ""}


@defect("answer-choices-empty", seam=ANSWER, trips={"ANSWER-CHOICES"}, incident="vercel/ai#20351")
def choices_empty(answer: dict[str, Json], call: Call) -> dict[str, Json]:
    """Where several calls at once are forbidden, the answer has no choice."""
    return answer | {"choices": []} if call.request.tools and not call.request.parallel else answer


@defect("indexes-constant", seam=ANSWER, trips={"ANSWER-INDEXES"})
def indexes_constant(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Every choice has index 0."""
    for choice in each_choice(answer):
        choice["index"] = 0
    return answer


@defect("n-ignored", seam=REQUEST, trips={"ANSWER-N"}, incident="abetlen/llama-cpp-python#1906")
def n_ignored(request: ChatRequest, _: Call) -> ChatRequest:
    """However many choices are asked for, there is one."""
    return replace(request, n=1)


@defect("role-wrong", seam=ANSWER, trips={"ANSWER-ROLE"})
def role_wrong(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The message has the role that another API gives it."""
    for message in each_message(answer):
        if "tool_calls" not in message:
            message["role"] = "model"
    return answer


@defect("content-in-parts", seam=ANSWER, trips={"ANSWER-CONTENT"}, incident="vercel/ai#13703")
def content_in_parts(answer: dict[str, Json], call: Call) -> dict[str, Json]:
    """Who sends content in parts gets content in parts."""
    turns = call.body.get("messages") if isinstance(call.body, dict) else None
    if isinstance(turns, list) and any(isinstance(turn, dict) and isinstance(turn.get("content"), list) for turn in turns):
        for message in each_message(answer):
            message["content"] = [{"type": "text", "text": message["content"]}]
    return answer


@defect("content-missing", seam=ANSWER, trips={"ANSWER-CONTENT-KEY"}, incident="ml-explore/mlx-lm#1739")
def content_missing(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """Beside a call there is no member content."""
    for message in each_message(answer):
        if message["content"] is None:
            del message["content"]
    return answer


@defect("content-in-reasoning", seam=COMPLETION, trips={"ANSWER-SAYS-SOMETHING"}, incident="lmstudio-ai/lmstudio-bug-tracker#1602")
def content_in_reasoning(completion: Completion, call: Call) -> Completion:
    """What the model said in full is taken for its reasoning, and the content is empty."""
    if call.request.format is not Format.TEXT or call.request.stops:
        return completion
    spoken = (replace(each, pieces=()) if each.finish == Finish.STOP and each.pieces else each for each in completion.choices)
    return replace(completion, choices=tuple(spoken))


@defect("created-fraction-whole", seam=ANSWER, trips={"ANSWER-CREATED-INTEGER"}, incident="siyuan-note/siyuan#14787")
def created_fraction_whole(answer: dict[str, Json], _: Call) -> dict[str, Json]:
    """The time of an answer in one piece has a fraction."""
    return answer | {"created": int(str(answer["created"])) + 0.25}


@defect("answer-charset-latin", seam=REPLY, trips={"ANSWER-CHARSET"})
def answer_charset_latin(reply: Reply, _: Call) -> Reply:
    """Answers in UTF-8 are labelled with another charset."""
    return reply.with_header("content-type", 'application/json; charset="ISO-8859-1"') if reply.status == 200 else reply
