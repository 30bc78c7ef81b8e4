"""The bar and the sparkline, on a terminal that can draw and on one that cannot."""

import io

import pytest

from worker.cli.bars import bar, sparkline

each_encoding = pytest.mark.parametrize(("encoding", "empty", "full"), [("utf-8", "░", "█"), ("ascii", "-", "#")])


def write_in(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))


@each_encoding
@pytest.mark.parametrize(
    ("done", "total", "filled"), [(0, 0, 0), (0, 3, 0), (1, 2, 5), (199, 200, 9), (200, 200, 10)]
)
def test_a_bar_is_full_only_when_all_is_done(
    monkeypatch: pytest.MonkeyPatch, encoding: str, empty: str, full: str, done: int, total: int, filled: int
) -> None:
    write_in(monkeypatch, encoding)
    assert bar(done, total, width=10) == full * filled + empty * (10 - filled)


@pytest.mark.parametrize(("encoding", "full"), [("utf-8", "█"), ("ascii", "#")])
def test_a_sparkline_has_a_sign_for_each_number(monkeypatch: pytest.MonkeyPatch, encoding: str, full: str) -> None:
    write_in(monkeypatch, encoding)
    drawn = sparkline([0, 1, 50, 100])
    assert (drawn[0], drawn[3], len(set(drawn))) == (" ", full, 4)
    assert sparkline([0, 0]) == "  "
    assert sparkline([]) == ""
