"""What a campaign found: a table with bars for a person, JSON for a program, and a plot of the outcomes over time."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import leather

from bench.figures import PRODUCT, Bar, BenchReport, Figure
from bench.machine import machine
from tests.chaos.course import Course, Plan

_SOON_S: Final = 15.0
#: With fewer jobs a share of them says nothing.
_ENOUGH: Final = 20
_NONE: Final = Bar(most=0)
#: What is drawn, and its color.
_DRAWN: Final = {
    "calls": "#9467bd",
    "placed": "#2ca02c",
    "open": "#1f77b4",
    "unconfirmed": "#d62728",
    "rejected": "#8c564b",
    "cancelled": "#e377c2",
    "expired": "#7f7f7f",
}


def report(plan: Plan, courses: list[Course]) -> BenchReport:
    """Side by side; what is judged is Dialer."""
    first = courses[0]
    kinds = Counter(name for _, name in first.injected)
    points = Counter(death.point for death in first.deaths)
    return BenchReport(
        title="workers, Redis, network and API fail again and again while orders pour in",
        conditions=f"{plan.jobs:,} jobs, {plan.workers} workers, {plan.rate} calls a second, {plan.kills} kills; "
        f"time-outs of {plan.connect_timeout_s:g} s to connect and {plan.read_timeout_s:g} s to read; "
        f"seed {plan.seed}",
        figures=[
            _row(courses, "people called twice", lambda c: len(c.verdict.called_twice), _NONE),
            _row(courses, "jobs lost", lambda c: len(c.verdict.lost), _NONE),
            _row(courses, "outcomes that are not true", lambda c: len(c.verdict.wrong), _NONE),
            _row(courses, "jobs that ended for no fault of theirs", lambda c: len(c.verdict.burnt), _NONE),
            *(
                _row(courses, words, lambda c, name=name: len(c.faults[name]) if name in c.faults else None, _NONE)
                for name, words in _FAULTS.items()
            ),
            _row(courses, "workers killed", lambda c: len(c.deaths)),
            _row(courses, "other faults", lambda c: sum(name != "kill" for _, name in c.injected)),
            _row(courses, "phones that rang", lambda c: c.timeline[-1][1]["calls"]),
            *_ends(plan, courses),
            *_takeovers(plan, courses),
            _row(courses, "from the last fault to the last outcome", lambda c: c.rested - c.mended, unit="s"),
            _row(courses, "in all", lambda c: c.rested - c.began, unit="s"),
        ],
        notes=[
            f"Faults of Dialer's: {_counted(kinds)}.",
            f"Killed at: {_counted(points)}.",
            f"Workers of Dialer's: {_counted(Counter(first.crew))}.",
            f"Why they are unconfirmed: {_counted(Counter(first.codes))}.",
        ],
    )


_FAULTS: Final = {
    "defects": "workers that ended, or stayed, by themselves",
    "contradictions": "records that contradict index, stream or result",
    "left over": "keys left over at the end",
    "leaks": "log lines with a number or a secret",
    "tracebacks": "log lines that tell of a defect",
}


def _row(courses: list[Course], name: str, value: Any, bar: Bar | None = None, unit: str = "") -> Figure:
    return Figure(name=name, unit=unit, values={course.name: value(course) for course in courses}, bar=bar)


def _ends(plan: Plan, courses: list[Course]) -> list[Figure]:
    states = ("placed", "unconfirmed", "rejected", "cancelled", "expired", "failed")
    rows = [_row(courses, state, lambda c, state=state: c.verdict.outcomes.get(state, 0)) for state in states]
    share = _row(
        courses,
        "unconfirmed",
        lambda c: 100 * c.verdict.outcomes.get("unconfirmed", 0) / plan.jobs if c.codes else None,
        unit="%",
    )
    rang = _row(courses, "of them the phone rang", lambda c: c.verdict.unconfirmed_rung if c.codes else None)
    return [*rows, share, rang]


def _takeovers(plan: Plan, courses: list[Course]) -> list[Figure]:
    """Of the kills that came alone; no bar where other faults came before the last of them could be taken over."""
    taken = {course.name: course.takeover_s for course in courses}
    soon = {
        name: 100 * sum(s <= _SOON_S for s in found) / len(found) if found else None for name, found in taken.items()
    }
    enough = len(taken[PRODUCT]) >= _ENOUGH and plan.breath_s >= _SOON_S
    return [
        Figure(name="jobs in a dead worker's hands, unsent", values={name: len(s) for name, s in taken.items()}),
        Figure(
            name=f"of them sent by another within {_SOON_S:g} s",
            unit="%",
            values=soon,
            bar=Bar(least=95) if enough else None,
        ),
        Figure(
            name="the half of them within",
            unit="s",
            values={name: found[len(found) // 2] if found else None for name, found in taken.items()},
        ),
    ]


def write_json(path: Path, plan: Plan, courses: list[Course], found: BenchReport) -> None:
    """All that is known, job ids and times included."""
    told = {
        "machine": machine(),
        "plan": asdict(plan),
        "report": found.as_json(),
        "courses": [asdict(course) for course in courses],
    }
    path.write_text(json.dumps(told, indent=1) + "\n")


def write_plot(path: Path, course: Course) -> None:
    """Outcomes over time as SVG, with a line for each worker that was killed."""
    chart = leather.Chart(f"{course.name}: jobs over time; a vertical line is a worker killed")
    chart.add_x_axis(name="seconds")
    chart.add_y_axis(name="jobs")
    highest = max(max(seen.values()) for _, seen in course.timeline)
    # A comb, for each line would have a legend of its own.
    teeth = [(death.at - course.began, y) for death in course.deaths for y in (0, highest, 0)]
    chart.add_line([(0, 0), *teeth], name="worker killed", stroke_color="#bbbbbb", width=0.4)
    mended = course.mended - course.began
    chart.add_line(
        [(mended, 0), (mended, highest)],
        name="all faults over",
        stroke_color="#333333",
        width=1.5,
        stroke_dasharray="6,4",
    )
    for name, color in _DRAWN.items():
        points = [(round(at - course.began, 1), seen.get(name, 0)) for at, seen in course.timeline]
        chart.add_line(points, name=name, stroke_color=color, width=2)
    chart.to_svg(str(path), width=1200, height=600)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.most_common()) or "none"
