"""A session for the noxfile of another repository: `nox -s conformance -- --base-url http://127.0.0.1:8080/v1 --model some-model`.

What it tests may as well stand in a conformance.toml beside it. The key comes from the variable CONFORMANCE_API_KEY.
"""

from __future__ import annotations

import os

import nox

SUITE = os.environ.get("CONFORMANCE_PACKAGE", "chat-completions-conformance")
"""What pip installs as the suite: a name with a version, a wheel, or an address of its repository."""


@nox.session
def conformance(session: nox.Session) -> None:
    """Test the gateway of this repository."""
    session.install(SUITE)
    session.run("conformance", "run", *session.posargs)
