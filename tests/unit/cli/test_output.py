"""Tables on a terminal: what is broken if they do not fit."""

import io
from collections.abc import Sequence

import pytest

from worker.cli.output import print_table

UUID = "1ddbc121-f814-4d13-aa00-ea976a1ad93b"
WHOLE = ("+12125551234", "11-24 01:23")
MESSAGE = "The number belongs to an emergency service. Digits: 3; default region: US."
COLUMNS = ("id", "to", "at (UTC)", "code", "message")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, width: int, columns: Sequence[str], *rows: Sequence[str]) -> str:
    terminal = _Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "dumb")
    print_table(columns, rows, prose="message")
    lines = terminal.getvalue().splitlines()
    assert [line for line in lines if len(line.rstrip()) > width] == []
    return terminal.getvalue()


@pytest.mark.parametrize("job_id", ["order-42", UUID, "x" * 200])
@pytest.mark.parametrize("code", ["", "not_a_number", "malformed_participant_address"])
@pytest.mark.parametrize("width", [80, 100, 132, 400])
def test_numbers_and_times_are_never_broken(
    monkeypatch: pytest.MonkeyPatch, job_id: str, code: str, width: int
) -> None:
    text = shown(monkeypatch, width, COLUMNS, (job_id, *WHOLE, code, MESSAGE))
    assert [cell for cell in WHOLE if cell not in text] == []
    if len(job_id) <= 36:
        assert job_id in text
    assert text.count("x") == job_id.count("x")
    letters = text.replace(" ", "").replace("\n", "")
    assert code in text or job_id == UUID or all(part in letters for part in (code[:10], code[-10:]))


@pytest.mark.parametrize(("width", "is_there"), [(80, False), (132, True)])
def test_a_message_is_left_out_where_it_could_not_be_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, is_there: bool
) -> None:
    text = shown(monkeypatch, width, COLUMNS, (UUID, *WHOLE, "emergency_number", MESSAGE))
    assert ("emergency service" in " ".join(text.split())) is is_there
    assert ("A wider terminal shows the column 'message'." in capsys.readouterr().err) is not is_there


def test_nothing_is_lost_in_a_tiny_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, 30, COLUMNS, ("y" * 36, "+12125551234", "11-24", "zz", MESSAGE))
    assert text.count("y") == 36
    assert text.count("2") == len([c for c in "+12125551234 11-24" if c == "2"])
