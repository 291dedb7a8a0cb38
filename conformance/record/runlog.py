"""The record of a run, `run.jsonl`: one JSON object per line, written as it happens, read without holding it in memory.

Lines, in this order: one `header`, at most one plan before the exchanges it announces, any number of `exchange`, one `footer`.
A plan is a `purpose` for each of its requests and then one `plan`, which says what they come to; without that it was never announced.
The header carries the format version (`record`). A record that is resumed goes on with `resumed`, more exchanges and a footer of
its own; an earlier footer holds no longer. A last line without its line feed was cut while being written: the record is `torn`, that
line counts for nothing, and all before it is good. Anything else that does not fit is an error that names the line.

Format 1 had all purposes within the line of its plan, and is still read.

A record has one writer at a time, which holds a lock on the file.

The file is ASCII: whatever a target sent cannot reach a terminal through it (JSON escapes, RFC 8259, section 7).
"""

from __future__ import annotations

import os
import threading
import time
from array import array
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar

from conformance.errors import RecordBusyError, RecordError, RecordLostError
from conformance.model import Exchange, Json, Purpose
from conformance.provenance import Footer, Header, Plan, Spent
from conformance.record import filelock, lines
from conformance.record.codec import FormError, decode, encode
from conformance.record.index import Index
from conformance.record.planned import Planned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

T = TypeVar("T")

KEPT_PURPOSES: Final = 16_384
"""Purposes that a reader keeps in memory, about a thousand bytes each: those of many runs of ours, since judging asks for each of them
half a dozen times."""

_DISK_HINT: Final = "Check that the folder may be written to and that the disk has room."


class RecordWriter:
    """Appends to a record. Thread-safe; each line is in the file when its method returns. Use it as a context manager.

    Raises `RecordError` where the file exists already, cannot be created or is being written by somebody else, and `RecordLostError`
    where it can no longer be written, or is no longer where it was. After that nothing more is written, so that the record ends with
    its last whole line.
    """

    def __init__(self, path: Path, header: Header) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open(path, os.O_CREAT | os.O_EXCL)
        except FileExistsError as error:
            hint = "Resume it, or choose another folder."
            raise RecordError(f"There is already a record at {path}.", hint=hint) from error
        except OSError as error:
            raise _disk_error("create", path, error) from error
        self._write("header", {"record": lines.VERSION, **encode(header)})

    @classmethod
    def resume(cls, path: Path) -> Self:
        """Continue a record; a torn last line is dropped. Raises `RecordError` where there is none that can be read, or that is free."""
        writer = cls.__new__(cls)
        try:
            writer._open(path, 0)
        except FileNotFoundError as error:
            raise RecordError(f"There is no record at {path}.", hint="Name the folder of a run.") from error
        except OSError as error:
            raise _disk_error("continue", path, error) from error
        try:
            # Under the lock: what another process is about to add must not be cut off.
            with Record.open(path) as record:
                whole, writer.exchanges = record.size, record.count
            os.ftruncate(writer._file, whole)
            writer._first = lines.line("resumed", encode(lines.Resumption(at=time.time(), exchanges=writer.exchanges)))
        except OSError as error:
            writer._release()
            raise _disk_error("continue", path, error) from error
        except RecordError:
            writer._release()
            raise
        return writer

    def _open(self, path: Path, flags: int) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._broken = False
        self._first = b""
        """Goes before the next line: a record that is resumed shows it as soon as there is something new, and no sooner."""
        self.exchanges = 0
        """How many the record holds, those from before it was resumed included."""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0) | flags, 0o644)
        self._closed = False
        if not filelock.claim(self._file):
            self._release()
            raise RecordBusyError(f"The record {path} is being written by another process.", hint="Wait until it is done, or end it.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._release()

    def plan(self, plan: Plan) -> None:
        """Announce what is going to be sent."""
        for purpose in plan.purposes:
            self._write("purpose", encode(purpose))
        self._write("plan", encode(lines.Announced(requests=plan.requests, billed=plan.billed, output_tokens=plan.output_tokens)))

    def append(self, exchange: Exchange) -> None:
        """Add what happened."""
        self._write("exchange", encode(exchange))
        with self._lock:
            self.exchanges += 1

    def close(self, footer: Footer) -> None:
        """Say how the run ended, and close the file."""
        try:
            self._write("footer", encode(footer))
        finally:
            self._release()

    def _release(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._file)

    def _write(self, kind: str, form: dict[str, Json]) -> None:
        line = lines.line(kind, form)
        with self._lock:
            line = self._first + line
            if self._broken or self._closed:
                raise RecordLostError(f"The record {self._path} is closed.", hint=_DISK_HINT)
            whole = os.fstat(self._file).st_size
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(self._file, rest) :]
            except OSError as error:
                self._broken = True
                with suppress(OSError):
                    os.ftruncate(self._file, whole)
                reason = f"Cannot write the record {self._path}: {error.strerror}."
                raise RecordLostError(reason, hint="It ends with its last whole line: make room, then go on with --resume.") from error
            self._first = b""
            if not self._is_there():
                self._broken = True
                reason = f"The record {self._path} was removed or replaced while it was being written."
                raise RecordLostError(reason, hint="What was recorded went with it; begin a new run.")

    def _is_there(self) -> bool:
        """Whether the path still leads to what we write: a file without a name takes everything and is gone with us."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._file))
        except OSError:
            return False


class Record:
    """A record being read. Opening it reads the file once and keeps where each exchange lies; exchanges are read when asked for.

    Thread-safe. Close it, or use it as a context manager.
    """

    header: Header
    plan: Plan | None
    footer: Footer | None
    broken_off: Spent
    """What was under way each time that the run was broken off."""
    resumptions: tuple[lines.Resumption, ...]
    """Where the run was gone on with after it had been cut off."""
    torn: bool
    """Whether the last line was cut while being written."""
    size: int
    """Bytes up to the end of the last whole line."""
    count: int
    """Lines that hold an exchange."""

    def __init__(self, path: Path) -> None:
        """Use `open`."""
        self._path = path
        self._lock = threading.Lock()
        self._index = Index()
        self._planned: Callable[[int], Purpose] = lru_cache(KEPT_PURPOSES)(self._purpose_at)
        """Reads the purpose at a place."""
        self._keys: tuple[str, ...] | None = None
        self.plan = None
        self.footer = None
        self.broken_off = Spent()
        self.resumptions = ()
        self.torn = False
        self.size = 0
        self.count = 0

    @classmethod
    def open(cls, path: Path) -> Record:
        """Open and index a record. Raises `RecordError` where it is none, naming the line."""
        record = cls(path)
        try:
            record._file = path.open("rb")
        except OSError as error:
            raise RecordError(f"The record {path} cannot be opened: {error.strerror}.", hint="Name the run.jsonl of a run.") from error
        try:
            record._take_all(record._file)
        except OSError as error:
            record.close()
            raise RecordError(f"The record {path} cannot be read: {error.strerror}.") from error
        except RecordError:
            record.close()
            raise
        return record

    _file: BinaryIO

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def complete(self) -> bool:
        """Whether the run came to its end and all of it is here."""
        return self.footer is not None and self.footer.complete and not self.torn

    @property
    def gap(self) -> str:
        """Why it is not a whole run; empty when it is."""
        if self.torn:
            return "the record was cut off in the middle of a line"
        if self.footer is None:
            return "the record has no end, so the run was killed"
        return self.footer.reason

    def keys(self) -> tuple[str, ...]:
        """Return the keys of all requests: first those that were never planned, as they came, then the planned ones in order."""
        if self._keys is None:
            self._keys = self._index.keys()
        return self._keys

    def purpose(self, key: str) -> Purpose | None:
        """Return why a request was sent or planned; None for a key that the record does not know."""
        place = self._index.purpose(key)
        if place is not None:
            return self._planned(place)
        return next((exchange.purpose for exchange in self.attempts(key)), None)

    def attempts(self, key: str) -> tuple[Exchange, ...]:
        """Return all that happened under a key, by attempt; empty where it was never sent."""
        tries = {exchange.attempt: exchange for exchange in map(self._exchange_at, self._index.exchanges(key))}
        return tuple(tries[attempt] for attempt in sorted(tries))

    def exchanges(self) -> Iterator[Exchange]:
        """Yield everything that happened, key by key, holding one key's attempts at a time."""
        for key in self.keys():
            yield from self.attempts(key)

    def _purpose_at(self, place: int) -> Purpose:
        return self._read(Purpose, place)

    def _exchange_at(self, place: int) -> Exchange:
        return self._read(Exchange, place)

    def _read(self, kind: type[T], place: int) -> T:
        with self._lock:
            self._file.seek(place)
            line = self._file.readline()
        try:
            return decode(kind, lines.read(line))
        except (ValueError, RecursionError) as error:
            raise RecordError(f"The record {self._path} was changed while it was being read.") from error

    def _take_all(self, file: BinaryIO) -> None:
        number = 0
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                self.torn = True
                break
            try:
                self._take(number, lines.read(line))
            except (ValueError, RecursionError) as error:
                raise self._bad(number, str(error)) from error
            self.size += len(line)
        if not hasattr(self, "header"):
            hint = "It was cut off before anything was sent." if self.torn else "Name the run.jsonl of a run."
            raise RecordError(f"The record {self._path} has no header.", hint=hint)
        self._drop_half_a_plan()

    def _take(self, number: int, form: Json) -> None:
        if not isinstance(form, dict):
            raise FormError("it is no object")
        kind = form.get("kind")
        if (kind == "header") != (number == 1):
            raise FormError("the header is not the first line, and the only one of its kind")
        match kind:
            case "header":
                self.header = self._header(form)
            case "purpose" | "plan" if self.plan is not None:
                raise FormError("the plan was announced before")
            case "purpose":
                self._index.add_purpose(decode(Purpose, form).key, self.size)
            case "plan":
                self._announce(decode(lines.Announced, form))
            case "exchange":
                self._index.add_exchange(decode(Exchange, form).purpose.key, self.size)
                self.count += 1
            case "footer":
                self.footer = decode(Footer, form)
                self.broken_off += self.footer.broken_off
            case "resumed":
                self.resumptions = (*self.resumptions, decode(lines.Resumption, form))
                self.footer = None
                self._drop_half_a_plan()
            case _:
                raise FormError(f"{kind!r} is no kind of line")

    def _announce(self, told: lines.Announced) -> None:
        purposes: Sequence[Purpose] = told.purposes
        if told.purposes:
            self._drop_half_a_plan()
            self._planned = told.purposes.__getitem__
            for number, purpose in enumerate(told.purposes):
                self._index.add_purpose(purpose.key, number)
        else:
            purposes = Planned(array("q", self._index.planned()), self._planned)
        self.plan = Plan(purposes=purposes, requests=told.requests, billed=told.billed, output_tokens=told.output_tokens)

    def _drop_half_a_plan(self) -> None:
        """Forget purposes that were written down before a run was cut off, and never announced."""
        if self.plan is None:
            self._index = self._index.without_plan()

    def _header(self, form: dict[str, Json]) -> Header:
        version = form.get("record")
        if version not in lines.READ:
            raise RecordError(
                f"The record {self._path} has format {version!r}; this suite reads formats up to {lines.VERSION}.",
                hint="Read it with the version of the suite that wrote it.",
            )
        return decode(Header, form)

    def _bad(self, number: int, why: str) -> RecordError:
        return RecordError(f"Line {number} of {self._path} is not part of a record: {why}.", hint="Name the run.jsonl of a run.")


def merge(records: Sequence[Record], header: Header, footer: Footer, path: Path) -> None:
    """Write one record of several that share a plan, key by key; the number of exchanges in the footer is filled in.

    Whatever was asked in more than one of them keeps all its attempts, in the order of the records, counted on. Raises what
    `RecordWriter` raises.
    """
    plan = next((record.plan for record in records if record.plan is not None), None)
    planned = [purpose.key for purpose in plan.purposes] if plan is not None else []
    with RecordWriter(path, header) as writer:
        if plan is not None:
            writer.plan(plan)
        for key in dict.fromkeys([*(key for record in records for key in record.keys()), *planned]):  # noqa: SIM118 - no mapping
            last = 0
            for record in records:
                before = last
                for exchange in record.attempts(key):
                    last = before + exchange.attempt
                    writer.append(replace(exchange, attempt=last))
        writer.close(replace(footer, exchanges=writer.exchanges))


def _disk_error(deed: str, path: Path, error: OSError) -> RecordError:
    return RecordError(f"Cannot {deed} the record {path}: {error.strerror}.", hint=_DISK_HINT)
