"""The history of targets, as one HTML file with a chart and as lines on the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.model import Level, Outcome
from conformance.render import page, wording
from conformance.render.text import line

if TYPE_CHECKING:
    from conformance.comparing.history import Course, Moment, Past

HEIGHT: Final = 100
"""Units of height that the highest bar has."""

STEP: Final = 12
"""Units of width that a run has, a gap of two among them."""

_BARS: Final = (
    (Level.MUST, Outcome.FAIL, "fail", "MUST failed"),
    (Level.SHOULD, Outcome.FAIL, "open", "SHOULD failed"),
    (Level.MUST, Outcome.INCONCLUSIVE, "none", "MUST inconclusive"),
)
"""What the chart counts, from the bottom up, with the class and the words of each."""

_MARKS: Final = {Outcome.FAIL: "fail", Outcome.PASS: "pass", Outcome.INCONCLUSIVE: "open", Outcome.ERROR: "error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """All squares or bars of one kind in a drawing; numbers of ours, nothing of a target's."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCourse:
    """A requirement as a row."""

    course: Course
    words: str
    strip: tuple[Stroke, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """A run as a row."""

    moment: Moment
    started: str
    href: str
    """Link to its report; empty when there is none."""
    counts: tuple[int, ...]
    changes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPast:
    """One target."""

    past: Past
    headline: str
    chart: tuple[Stroke, ...]
    highest: int
    """What the highest bar stands for."""
    words: str
    """The chart for whoever does not see it."""
    failing: tuple[ShownCourse, ...]
    mended: tuple[ShownCourse, ...]
    runs: tuple[ShownRun, ...]

    @property
    def width(self) -> int:
        """Of the drawings, in units."""
        return STEP * len(self.past.moments)


def render(pasts: Sequence[Past], href: Callable[[str], str]) -> str:
    """Return the page; `href` says where the report of a run is, seen from it."""
    return page.render(
        "history.html.j2",
        style="pages.css",
        pasts=[_shown(past, href) for past in pasts],
        height=HEIGHT,
        bars=[(kind, words) for _, _, kind, words in _BARS],
    )


def lines(pasts: Sequence[Past]) -> Iterator[str]:
    """The same as plain text: what fails and since when, what was mended, what the last run changed."""
    for past in pasts:
        yield f"{line(' '.join(past.target), 200)}, {' → '.join(past.dialect)}"
        yield f"  {_headline(past)}"
        for course in past.failing:
            yield f"  {'NEW ' if course.is_new else ''}FAIL  {course.level:6} {course.requirement.id}: {_words(course, past)}"
        for course in past.mended:
            yield f"  {'NEW ' if course.is_new else ''}held  {course.level:6} {course.requirement.id}: {_words(course, past)}"
        yield ""


def _shown(past: Past, href: Callable[[str], str]) -> ShownPast:
    counts = [past.count(level, outcome) for level, outcome, _, _ in _BARS]
    by_run = list(zip(*counts, strict=True))
    highest = max(1, *map(sum, by_run))
    return ShownPast(
        past=past,
        headline=_headline(past),
        chart=tuple(_chart(by_run, highest)),
        highest=highest,
        words="; ".join(f"{words}: {', '.join(map(str, numbers))}" for (_, _, _, words), numbers in zip(_BARS, counts, strict=True)),
        failing=tuple(_course(course, past) for course in past.failing),
        mended=tuple(_course(course, past) for course in past.mended),
        runs=tuple(
            ShownRun(
                moment=each, started=wording.utc(each.started), href=href(each.name), counts=by_run[number], changes=_changes(past, number)
            )
            for number, each in enumerate(past.moments)
        ),
    )


def _chart(by_run: list[tuple[int, ...]], highest: int) -> Iterator[Stroke]:
    """A bar for each run, its parts upon each other."""
    for number, (_, _, kind, _) in enumerate(_BARS):
        bars = []
        for run, counts in enumerate(by_run):
            below, here = (round(HEIGHT * count / highest) for count in (sum(counts[:number]), sum(counts[: number + 1])))
            if here > below:
                bars.append(f"M{STEP * run} {HEIGHT - here}h{STEP - 2}v{here - below}h-{STEP - 2}z")
        if bars:
            yield Stroke(kind=kind, path="".join(bars))


def _course(course: Course, past: Past) -> ShownCourse:
    squares: dict[str, str] = {}
    for number, outcome in enumerate(course.outcomes):
        kind = _MARKS.get(outcome, "none")
        squares[kind] = squares.get(kind, "") + f"M{STEP * number} 0h{STEP - 2}v10h-{STEP - 2}z"
    strip = tuple(Stroke(kind=kind, path=path) for kind, path in sorted(squares.items()))
    return ShownCourse(course=course, words=_words(course, past), strip=strip)


def _words(course: Course, past: Past) -> str:
    """Since when, and what was before."""
    if course.since is None:
        return "never judged"
    since = wording.utc(past.moments[course.since].started)
    turns = f"; changed {course.turns} times" if course.turns > 1 else ""
    if course.before is None:
        return f"failed in every run that judged it, since {since}" if course.fails else f"held since {since}"
    before = wording.utc(past.moments[course.before].started)
    return (f"fails since {since}, held on {before}" if course.fails else f"holds since {since}, failed on {before}") + turns


def _headline(past: Past) -> str:
    musts = sum(course.level is Level.MUST for course in past.failing)
    new = [course for course in past.courses if course.is_new]
    worse = sum(course.fails for course in new)
    runs = f"{len(past.moments)} runs" if len(past.moments) > 1 else "One run"
    begun = wording.utc(past.moments[0].started)
    period = f"{runs} since {begun}" if len(past.moments) > 1 else f"{runs}, on {begun}"
    changed = f" The last run made {worse} worse, {len(new) - worse} better." if new else ""
    now = f"{musts} MUST and {len(past.failing) - musts} other requirements fail now"
    return f"{period}: {now}, {len(past.mended)} failed once and hold now.{changed}"


def _changes(past: Past, number: int) -> str:
    """What this run changed against those before it."""
    worse: list[str] = []
    better: list[str] = []
    for course in past.courses:
        earlier = [outcome for outcome in course.outcomes[:number] if outcome in {Outcome.PASS, Outcome.FAIL}]
        if earlier and course.outcomes[number] in {Outcome.PASS, Outcome.FAIL} and earlier[-1] is not course.outcomes[number]:
            (worse if course.outcomes[number] is Outcome.FAIL else better).append(course.requirement.id)
    told = [f"▼ {', '.join(worse)}" if worse else "", f"▲ {', '.join(better)}" if better else ""]
    return " ".join(filter(None, told))
