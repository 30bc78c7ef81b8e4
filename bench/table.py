"""Formats each report as a table with the contenders side by side, and at the end the bars that are met."""

from bench.figures import BenchReport, Figure

_NONE = "-"


def table(name: str, report: BenchReport) -> str:
    """Return one report as text."""
    contenders = report.contenders
    rows = [["", *contenders, "bar"], *(_row(figure, contenders) for figure in report.figures)]
    if not any(figure.bar for figure in report.figures):
        rows = [row[:-1] for row in rows]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = [f"{name}: {report.title}", f"  {report.conditions}", ""]
    lines += [_line(row, widths, len(contenders)) for row in rows]
    lines += [f"  * {note}" for note in report.notes]
    return "\n".join(lines)


def verdict(reports: dict[str, BenchReport]) -> str:
    """Return how many bars are met, and the names of those that are missed."""
    judged = [(name, figure) for name, report in reports.items() for figure in report.figures if figure.bar]
    missed = [(name, figure) for name, figure in judged if not figure.met()]
    lines = [f"Bars: {len(judged) - len(missed)} met, {len(missed)} missed."]
    lines += [
        f"  missed: {name}: {_named(figure)}: {_shown_all(figure)}, bar {figure.bar}" for name, figure in missed
    ]
    return "\n".join(lines)


def _row(figure: Figure, contenders: list[str]) -> list[str]:
    met = {True: "met", False: "MISSED", None: ""}[figure.met()]
    bar = f"{figure.bar}: {met}" if figure.bar else ""
    return [_named(figure), *(shown(figure.values.get(name)) for name in contenders), bar]


def _line(row: list[str], widths: list[int], contenders: int) -> str:
    cells = [
        cell.rjust(width) if 0 < n <= contenders else cell.ljust(width)
        for n, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  " + "   ".join(cells).rstrip()


def _named(figure: Figure) -> str:
    return f"{figure.name}, {figure.unit}" if figure.unit else figure.name


def _shown_all(figure: Figure) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in figure.values.items())


def shown(value: float | None) -> str:
    """Return a number with its significant digits."""
    if value is None:
        return _NONE
    if isinstance(value, int) or value == int(value) or abs(value) >= 100:  # noqa: PLR2004
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"  # noqa: PLR2004
