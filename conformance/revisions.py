"""Revisions of the scored set: dates, each with the requirements that came with it.

A run may be frozen at a revision. Requirements that came later are asked and judged all the same, shown as not scored yet, and never
decide about the exit status: whoever upgrades the suite in a pipeline is not red over night for a rule that nobody knew of.

Once a revision is published it is closed: it gets no further requirement, and none of its requirements is raised to a more binding level
or made to mean something else. Either would be a new requirement, with an id and a revision of its own. `id_list` holds that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from conformance.errors import ConfigurationError

REVISIONS: Final[Mapping[str, str]] = MappingProxyType({"2026-11-21": ""})
"""Every revision, the oldest first, with the fingerprint that `id_list` makes of its requirements.

Empty for the last one as long as it is open: as long as requirements may join it.
"""

FIRST: Final = next(iter(REVISIONS))
LAST: Final = tuple(REVISIONS)[-1]

_DATE: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def checked(given: str) -> str:
    """Return a revision that a user named; empty stands for none. Raises `ConfigurationError`."""
    if not given or given in REVISIONS:
        return given
    known = f"Its revisions are {', '.join(REVISIONS)}; without the option every requirement is scored."
    if not _DATE.fullmatch(given):
        raise ConfigurationError(f"--contract-revision takes a date such as {LAST}, not {given!r}.", hint=known)
    if given > LAST:
        raise ConfigurationError(f"This suite has no revision {given} yet: its last one is {LAST}.", hint="Upgrade it, or name that one.")
    raise ConfigurationError(f"{given} is no revision of this suite.", hint=known)


def scores(frozen: str, since: str) -> bool:
    """Whether a run that is frozen at a revision, or at none (empty), is scored by a requirement of another. Dates sort as text."""
    return not frozen or since <= frozen
