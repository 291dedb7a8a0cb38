"""Every error of ours, and who is to blame for it.

::

    ConformanceError
    ├── ConfigurationError          the user's: exit status 4
    │   ├── TargetError             a URL, model, header or key that cannot be used
    │   ├── UnknownNameError        a requirement, dialect, defect, tier or feature nobody declared
    │   └── ContractError           a contract or overlay file that cannot be used
    │       ├── ClauseNotFoundError a pointer that leads nowhere in the contract
    │       └── OverlayError        one action of an overlay that cannot be applied
    ├── CannotTestError             the target's, or the network's: exit status 2
    ├── RecordError                 a file that is not a record, or not a whole one: exit status 4
    │   ├── RecordBusyError         a record that somebody else is writing
    │   └── RecordLostError         a record that can no longer be written: exit status 2
    └── HarnessError                ours: exit status 3
        └── CatalogueError          two requirements with one id, a citation that leads nowhere

A target that breaks the contract is no error: it is a `Finding`. Each error says what is wrong (`args[0]`), carries its data
as attributes, and may carry a `hint` that says what to do.
"""

from __future__ import annotations


class ConformanceError(Exception):
    """Anything that ends a command before its work is done."""

    exit_status = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def message(self) -> str:
        """What is wrong, in one sentence."""
        return str(self.args[0])


class ConfigurationError(ConformanceError):
    """The user asked for something that cannot be done as asked; `options` are the fields of `options.Options` that it lies in."""

    exit_status = 4

    def __init__(self, message: str, *, hint: str = "", options: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.options = options


class TargetError(ConfigurationError):
    """The description of the target cannot be used."""


class UnknownNameError(ConfigurationError):
    """A name that nobody declared; `known` lists those that are."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...]) -> None:
        from difflib import get_close_matches

        close = get_close_matches(name, known, n=3)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"Known: {', '.join(sorted(known))}."
        super().__init__(f"There is no {kind} called {name!r}.", hint=hint)
        self.kind = kind
        self.name = name
        self.known = known


class ContractError(ConfigurationError):
    """The contract or one of its overlays cannot be used."""


class ClauseNotFoundError(ContractError):
    """A JSON Pointer that leads nowhere in the contract."""

    def __init__(self, pointer: str) -> None:
        super().__init__(f"The contract has nothing at {pointer!r}.")
        self.pointer = pointer


class OverlayError(ContractError):
    """One action of an overlay cannot be applied; `action` counts from 1."""

    def __init__(self, message: str, *, overlay: str, action: int, target: str, hint: str = "") -> None:
        super().__init__(f"{overlay}, action {action} ({target}): {message}", hint=hint)
        self.overlay = overlay
        self.action = action
        self.target = target


class CannotTestError(ConformanceError):
    """The target cannot be judged at all; no requirement gets a verdict."""

    exit_status = 2


class RecordError(ConformanceError):
    """A file that was to be a record of a run is not one."""

    exit_status = 4


class RecordBusyError(RecordError):
    """A record that another process is writing."""


class RecordLostError(RecordError):
    """What happens can no longer be written down, so the run ends; what is in the record already holds."""

    exit_status = 2


class HarnessError(ConformanceError):
    """A bug of this suite; never the target's fault."""


class CatalogueError(HarnessError):
    """The declared requirements contradict each other or the contract."""
