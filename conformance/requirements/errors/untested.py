"""Mistakes with errors that this suite knows and does not provoke. Each with the reason."""

from __future__ import annotations

from conformance.model import Area
from conformance.registry import excluded

excluded(
    "a failure of the server behind a gateway always becomes a whole answer",
    because="it takes a server behind that can be made to fail; what a run meets of it is judged (ERROR-EDGE-JSON, ERROR-EDGE-ENVELOPE)",
    area=Area.ERRORS,
    incidents=["Portkey-AI/gateway#722"],
)

excluded(
    "/x-errors/overload",
    because="nobody's endpoint is driven into overload for a test; a 429, a 503 or an error in a stream is judged whenever it is met",
    area=Area.ERRORS,
    incidents=["tenstorrent/tt-inference-server#863", "anomalyco/opencode#40254", "lidge-jun/opencodex#452"],
)

excluded(
    "a server that is still loading its model says so with 503 and an envelope",
    because="a run begins once the preflight's question was answered, so that it never sees a server start",
    area=Area.ERRORS,
    incidents=["mindverse/Second-Me#20", "canonical/inference-snaps#234", "docker/model-runner#170"],
)

excluded(
    "a long answer without stream is not cut off by the timer of a server in front",
    because="no answer here is longer than its cap of a few dozen tokens, which keeps a run cheap and far below any such timer",
    area=Area.ERRORS,
    incidents=["ferrislucas/promptr#32", "ggml-org/llama.cpp#9215", "open-webui/open-webui#25290"],
)

excluded(
    "a call that the model wrote badly is not blamed on the client",
    because="whether a model writes one is luck, and a 400 for it looks like the refusal of a target that lacks tools",
    area=Area.ERRORS,
    incidents=["vercel/ai#6916", "vercel/ai#5282", "pipecat-ai/pipecat#1168"],
)

excluded(
    "what a policy blocks is told alike on every path",
    because="nothing is asked that a policy would block: who runs the suite may lose their account over it, and each vendor has its own",
    area=Area.ERRORS,
    incidents=["BerriAI/litellm#16231", "stanford-crfm/helm#3327", "openai/openai-dotnet#55", "compl-ai/compl-ai#20"],
)
