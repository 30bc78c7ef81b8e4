"""Reports the results of a campaign: a table with bars, JSON, and a plot of the outcomes over time."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import leather

from bench.figures import PRODUCT, Bar, BenchReport, Figure
from bench.machine import machine
from tests.chaos.contenders import CALLS_PER_USER, USERS
from tests.chaos.course import Course, Plan

_SOON_S: Final = 15.0
#: With fewer jobs, a percentage of them means nothing.
_ENOUGH: Final = 20
_NONE: Final = Bar(most=0)
#: In percent, after lost calls were searched for. With fewer jobs, one job more or less decides.
_FEW_IN_DOUBT: Final = Bar(most=0.2)
_MANY_JOBS: Final = 5000
#: The lines of the plot, and their colors.
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
    """Return the report with all contenders; the bars apply to Dialer."""
    first = courses[0]
    kinds = Counter(name for _, name in first.injected)
    points = Counter(death.point for death in first.deaths)
    return BenchReport(
        title="workers, Redis, network and API fail repeatedly while jobs arrive",
        conditions=f"{plan.jobs:,} jobs, {plan.workers} workers, {plan.rate} calls per second, {plan.kills} kills; "
        f"{USERS} users with {CALLS_PER_USER} call at once; "
        f"time-outs of {plan.connect_timeout_s:g} s to connect and {plan.read_timeout_s:g} s to read; "
        f"seed {plan.seed}",
        figures=[
            _row(courses, "people called twice", lambda c: len(c.verdict.called_twice), _NONE),
            _row(courses, "jobs lost", lambda c: len(c.verdict.lost), _NONE),
            _row(courses, "outcomes that are not true", lambda c: len(c.verdict.wrong), _NONE),
            _row(courses, "valid jobs that failed or were rejected", lambda c: len(c.verdict.burnt), _NONE),
            *(
                _row(courses, words, lambda c, name=name: len(c.faults[name]) if name in c.faults else None, _NONE)
                for name, words in _FAULTS.items()
            ),
            _row(courses, "workers killed", lambda c: len(c.deaths)),
            _row(courses, "other faults", lambda c: sum(name != "kill" for _, name in c.injected)),
            _row(courses, "phones that rang", lambda c: c.timeline[-1][1]["calls"]),
            *_ends(plan, courses),
            *_takeovers(plan, courses),
            _row(courses, "from the last fault to the last outcome", lambda c: c.rested - c.faults_ended, unit="s"),
            _row(courses, "total time", lambda c: c.rested - c.began, unit="s"),
        ],
        notes=[
            f"Faults caused for Dialer: {_counted(kinds)}.",
            f"Points of the kills: {_counted(points)}.",
            f"Workers of Dialer: {_counted(Counter(first.crew))}.",
            f"Codes of the unconfirmed jobs: {_counted(Counter(first.codes))}.",
            f"Results of the placed calls: {_counted(Counter(first.results))}.",
        ],
    )


_FAULTS: Final = {
    "too many calls": "calls of a user who had a call in progress",
    "without result": "placed jobs without a result",
    "untrue results": "results that are not true",
    "defects": "workers that exited, or did not exit, against orders",
    "contradictions": "records that contradict an index, the stream or the result",
    "left over": "keys that remain at the end",
    "leaks": "log lines with a phone number or a secret",
    "tracebacks": "log lines that report an unexpected error",
}


def _row(courses: list[Course], name: str, value: Any, bar: Bar | None = None, unit: str = "") -> Figure:
    return Figure(name=name, unit=unit, values={course.name: value(course) for course in courses}, bar=bar)


def _ends(plan: Plan, courses: list[Course]) -> list[Figure]:
    states = ("placed", "unconfirmed", "rejected", "cancelled", "expired", "failed")
    rows = [_row(courses, state, lambda c, state=state: c.verdict.outcomes.get(state, 0)) for state in states]
    share = _row(
        courses,
        "unconfirmed",
        lambda c: 100 * c.verdict.outcomes.get("unconfirmed", 0) / plan.jobs if c.results else None,
        unit="%",
        bar=_FEW_IN_DOUBT if plan.jobs >= _MANY_JOBS else None,
    )
    rang = _row(courses, "of these, the phone rang", lambda c: c.verdict.unconfirmed_rung if c.results else None)
    return [*rows, share, rang]


def _takeovers(plan: Plan, courses: list[Course]) -> list[Figure]:
    """Return the figures of the kills without other faults; no bar if other faults came too soon after them."""
    taken = {course.name: course.takeover_s for course in courses}
    soon = {
        name: 100 * sum(s <= _SOON_S for s in found) / len(found) if found else None for name, found in taken.items()
    }
    enough = len(taken[PRODUCT]) >= _ENOUGH and plan.breath_s >= _SOON_S
    return [
        Figure(name="jobs claimed by a killed worker, not sent", values={name: len(s) for name, s in taken.items()}),
        Figure(
            name=f"of these, claimed by another worker within {_SOON_S:g} s",
            unit="%",
            values=soon,
            bar=Bar(least=95) if enough else None,
        ),
        Figure(
            name="median time until then",
            unit="s",
            values={name: found[len(found) // 2] if found else None for name, found in taken.items()},
        ),
    ]


def write_json(path: Path, plan: Plan, courses: list[Course], found: BenchReport) -> None:
    """Write all results, including job ids and times."""
    told = {
        "machine": machine(),
        "plan": asdict(plan),
        "report": found.as_json(),
        "courses": [asdict(course) for course in courses],
    }
    path.write_text(json.dumps(told, indent=1) + "\n")


def write_plot(path: Path, course: Course) -> None:
    """Write the outcomes over time as SVG, with a vertical line for each killed worker."""
    chart = leather.Chart(f"{course.name}: jobs over time; each vertical line is a killed worker")
    chart.add_x_axis(name="seconds")
    chart.add_y_axis(name="jobs")
    highest = max(max(seen.values()) for _, seen in course.timeline)
    # One line with all the peaks, because each line has an entry in the legend.
    peaks = [(death.at - course.began, y) for death in course.deaths for y in (0, highest, 0)]
    chart.add_line([(0, 0), *peaks], name="worker killed", stroke_color="#bbbbbb", width=0.4)
    faults_ended = course.faults_ended - course.began
    chart.add_line(
        [(faults_ended, 0), (faults_ended, highest)],
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
