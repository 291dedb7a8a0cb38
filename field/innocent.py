"""`python -m field.innocent PORT` serves the independent conforming server of the tests, in the style that a stranger would write."""

from __future__ import annotations

import sys

from tests.innocent.server import Server
from tests.innocent.trial import STYLES


class _Fixed(Server):
    """The server of the tests takes any free port; here it is given."""

    def server_bind(self) -> None:
        self.server_address = ("127.0.0.1", int(sys.argv[1]))
        super().server_bind()


if __name__ == "__main__":
    _Fixed(STYLES["documented"]).serve_forever()
