"""How figures are judged and shown."""

import pytest

from bench.figures import PLAIN, PRODUCT, Bar, BenchReport, Figure
from bench.table import shown, table, verdict


def report(**values: float | None) -> BenchReport:
    names = {"ours": PRODUCT, "ours_too": f"{PRODUCT}, 4 workers", "theirs": PLAIN}
    found = {names[name]: value for name, value in values.items()}
    return BenchReport(
        title="t", conditions="c", figures=[Figure(name="share", unit="%", values=found, bar=Bar(least=98))]
    )


@pytest.mark.parametrize(
    ("values", "met"),
    [
        ({"ours": 98.0, "theirs": 10.0}, True),
        ({"ours": 97.9, "theirs": 100.0}, False),
        ({"ours": 99.0, "ours_too": 97.0}, False),
        ({"ours": None}, False),
        ({"theirs": 100.0}, False),
    ],
)
def test_a_bar_is_dialers_to_meet_in_every_column(values: dict[str, float | None], met: bool) -> None:
    assert report(**values).figures[0].met() is met


def test_a_missed_bar_is_named_at_the_end() -> None:
    found = verdict({"pace": report(ours=97.0, theirs=50.0), "due": report(ours=98.5)})
    assert found.splitlines() == [
        "Bars: 1 met, 1 missed.",
        f"  missed: pace: share, %: {PRODUCT} 97, {PLAIN} 50, bar at least 98",
    ]


def test_a_table_has_a_column_for_each_contender_and_says_what_does_not_apply() -> None:
    lines = table("pace", report(ours=98.75, theirs=None)).splitlines()
    assert lines[0] == "pace: t"
    assert lines[3].split() == [PRODUCT, *PLAIN.split(), "bar"]
    assert lines[4].split() == ["share,", "%", "98.8", "-", "at", "least", "98:", "met"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0, "0"), (1200, "1,200"), (98.7, "98.7"), (123.4, "123"), (1.234, "1.23"), (0.0612, "0.061")],
)
def test_numbers_show_the_digits_that_mean_something(value: float | None, text: str) -> None:
    assert shown(value) == text
