"""A small gateway in Flask: checks the key of its tenants, forwards the rest to an upstream, and passes on what comes back."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Flask, Response, request

UPSTREAM = urlsplit(os.environ["UPSTREAM"])
TENANT_KEY = "tenant-key"
HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}

app = Flask(__name__)


def passed_on(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]


def events(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while chunk := answer.read1(65536):
        yield chunk


def denied() -> Response:
    return Response("unauthorized\n", status=401, content_type="text/plain")


@app.route("/v1/<path:path>", methods=["GET", "POST"])
def forward(path: str) -> Response:
    if request.headers.get("Authorization") != f"Bearer {TENANT_KEY}":
        return denied()
    connection = http.client.HTTPConnection(UPSTREAM.hostname or "", UPSTREAM.port, timeout=60)
    headers = dict(passed_on(list(request.headers.items()))) | {"Authorization": f"Bearer {os.environ['UPSTREAM_KEY']}"}
    connection.request(request.method, f"{UPSTREAM.path}/{path}", body=request.get_data(), headers=headers)
    answer = connection.getresponse()
    streamed = "event-stream" in (answer.getheader("Content-Type") or "")
    return Response(events(answer) if streamed else answer.read(), status=answer.status, headers=passed_on(answer.getheaders()))


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), threaded=True)
