"""What differs between two readings of the contract, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.contract.outline import Group, Place, Said, outlines

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.contract.outline import Aspects, Outline

_FLAGS: Final = {
    "required": ("is required now", "is no longer required"),
    "nullable": ("may be null now", "may no longer be null"),
    "deprecated": ("is deprecated now", "is no longer deprecated"),
    "claimed": ("is claimed now", "is no longer claimed"),
    "denied": ("is denied now", "is no longer denied"),
}
_NOTHING: Final = {"values": "any", "level": "as declared"}
_SHORT: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that the second reading says otherwise than the first.

    Without an `aspect` the place itself is only in one of them: `before` is None when it is new, `after` when it is gone. With one,
    `before` and `after` are what the two say; of a set of words, those that the other lacks.
    """

    place: Place
    aspect: str = ""
    before: Said | None
    after: Said | None

    @property
    def reversed(self) -> Difference:
        """The same, seen from the other reading."""
        return Difference(place=self.place, aspect=self.aspect, before=self.after, after=self.before)

    @property
    def words(self) -> str:
        """The difference as one line: `request.temperature: maximum 2 → none`."""
        where = self.place.path
        match self.before, self.after:
            case None, after if not self.aspect:
                return f"{where} is new: {_text(after, '')}" if after else f"{where} is new"
            case before, None if not self.aspect:
                return f"{where} is gone; it was {_text(before, '')}" if before else f"{where} is gone"
            case (bool() as before, _) | (before, bool()) if self.aspect in _FLAGS:
                return f"{where} {_FLAGS[self.aspect][bool(before)]}"
            case frozenset() as lost, frozenset() as gained:
                changes = [f"{verb} {_text(each, '')}" for verb, each in (("also", gained), ("no longer", lost)) if each]
                return f"{where}: {self.aspect} {'; '.join(changes)}"
            case before, after:
                return f"{where}: {self.aspect} {_text(before, self.aspect)} → {_text(after, self.aspect)}"


def differences(a: Contract, b: Contract) -> tuple[Difference, ...]:
    """Say everything in which reading `b` differs from `a`, ordered by group and place; nothing for equal ones.

    What lies below a place that is new or gone is not told again.
    """
    before, after = outlines(a, b)
    found: list[Difference] = []
    for place in sorted(before.keys() | after.keys(), key=lambda place: (list(Group).index(place.group), place.path)):
        if place.group in (Group.LEVELS, Group.OTHER) or (place in before and place in after):
            found += _changes(place, before.get(place, {}), after.get(place, {}))
        elif not _is_below(place, before if place in after else after, after if place in after else before):
            old, new = before.get(place), after.get(place)
            found.append(
                Difference(place=place, before=None if old is None else _summary(old), after=None if new is None else _summary(new))
            )
    return tuple(found)


def _changes(place: Place, old: Aspects, new: Aspects) -> list[Difference]:
    if old != new and (_says_nothing(old) or _says_nothing(new)):
        return [Difference(place=place, aspect="value", before=_summary(old), after=_summary(new))]
    found: list[Difference] = []
    for aspect in sorted(old.keys() | new.keys()):
        before, after = old.get(aspect), new.get(aspect)
        if isinstance(before, frozenset) and isinstance(after, frozenset):
            before, after = before - after, after - before
        elif aspect in _FLAGS:
            before, after = bool(before), bool(after)
        if before != after:
            found.append(Difference(place=place, aspect=aspect, before=before, after=after))
    return found


def _is_below(place: Place, lacking: Outline, having: Outline) -> bool:
    """Whether of a place above the other side says nothing, so that this one goes without saying."""
    path = place.path
    above = (Place(place.group, path[:end]) for end in range(1, len(path)) if path[end] in ".[{<")
    return any(each in having and (each not in lacking or _says_nothing(lacking[each])) for each in above)


def _says_nothing(said: Aspects) -> bool:
    """Whether any value is right."""
    return said.get("type") == "any" and not {name for name, each in said.items() if each} - {"type", "nullable"}


def _summary(said: Aspects) -> str:
    """What a place is, in short."""
    kind = said.get("type") or said.get("text") or ""
    allowed = said.get("values")
    if _says_nothing(said):
        return "any"
    words = [f"one of {_text(allowed, '')}" if allowed else str(kind), *(flag for flag in _FLAGS if said.get(flag) is True)]
    return ", ".join(word for word in words if word)


def _text(said: Said | None, aspect: str) -> str:
    match said:
        case None:
            return "MUST" if aspect.startswith("level of ") else _NOTHING.get(aspect, "none")
        case frozenset():
            return ", ".join(sorted(said))
        case _:
            text = str(said)
            return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
