"""Mistakes that this suite knows and cannot see from outside, or will not pay for. Each with the reason."""

from __future__ import annotations

from conformance.model import Area
from conformance.registry import excluded

excluded(
    "/components/schemas/CreateChatCompletionRequest/properties/logit_bias",
    because="a bias is on a number of the tokenizer, which nobody outside knows; whether it did anything cannot be told from the text",
    area=Area.VALIDATION,
)

excluded(
    "/components/schemas/CreateChatCompletionRequest/properties/seed",
    because="the same seed is documented to give the same answer as far as possible, so that two different answers prove nothing",
    area=Area.VALIDATION,
)

excluded(
    "a cap far beyond the window of the model is clamped, or refused by its own name",
    because="the answer to it has no cap: what a run may cost at most could no longer be said before it",
    area=Area.VALIDATION,
    incidents=[
        "docker/docker-agent#3393",
        "NousResearch/hermes-agent#90877",
        "openclaw/openclaw#85889",
        "vxcontrol/pentagi#416",
        "NVIDIA/garak#1112",
        "modular/modular#6673",
        "nextlevelbuilder/goclaw#267",
    ],
)

excluded(
    "members that a client does not know, and nulls in place of absent ones, are read without complaint",
    because="a mistake of clients: here both are always right, and the type of an optional member is held wherever it is not null",
    area=Area.VALIDATION,
    incidents=["spring-projects/spring-ai#1178", "openai/openai-java#557", "ai-dynamo/frontend-crates#157"],
)

excluded(
    "the plainest request, a question as a string and no stream, is answered",
    because="it is asked before anything else; where it is refused, nothing can be tested, and the run ends with status 2 and the refusal",
    area=Area.VALIDATION,
    incidents=["openzot/openzot#52", "nashsu/llm_wiki#594", "egoist/chatwise-releases#1338"],
)

excluded(
    "a text or a schema that is valid and that an engine cannot work with, such as an empty stop string, is refused and breaks nothing",
    because="what an engine cannot compile is its own affair, and a request that may be answered is one more paid completion",
    area=Area.VALIDATION,
    incidents=["mlc-ai/mlc-llm#2070", "kekzl/imp#1259"],
)

excluded(
    "an answer without a cap goes on until it comes to its end",
    because="nothing is asked without a cap, so that what a run may cost at most can be said before it",
    area=Area.VALIDATION,
    incidents=["mistralai/mistral-vibe#1118"],
)

excluded(
    "the text of an answer does not begin with a blank",
    because="what a model says begins as it likes; that a stream says the same as a whole answer is STREAM-SAME-TEXT",
    area=Area.VALIDATION,
    incidents=["janhq/jan#2548"],
)

excluded(
    "the body of a request may be compressed",
    because="nobody documents that it may; who cannot read one refuses it, and that this is no 5xx is REQUEST-INVALID-NO-5XX",
    area=Area.VALIDATION,
    incidents=["langwatch/langwatch#6344"],
)
