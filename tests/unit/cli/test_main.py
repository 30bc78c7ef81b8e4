"""The table of commands, their help, and the version."""

import click
import pytest

from tests.unit.conftest import Run
from worker.cli.errors import EXIT_CODES, CommandError
from worker.cli.main import COMMANDS, cli


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help_with_an_example(run: Run, name: str, option: str) -> None:
    result = run(name, option)
    assert result.exit_code == 0, result.output
    assert f"Usage: dialer {name}" in result.stdout
    assert result.stdout.count("dialer ") > 1
    assert "Example" in result.stdout


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_the_help_fits_into_80_columns(run: Run, name: str) -> None:
    result = run(*filter(None, [name]), "--help", COLUMNS="80")
    assert [line for line in result.stdout.splitlines() if len(line) > 80] == []


def test_the_table_names_each_command_as_it_names_itself() -> None:
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert command.name == name


def test_the_help_says_what_the_exit_codes_mean(run: Run) -> None:
    lines = [" ".join(line.split()) for line in run("--help").stdout.splitlines()]
    assert [line for line in lines if line[:1].isdigit()] == [f"{code} {text}" for code, text in EXIT_CODES.items()]


def test_every_exit_code_of_an_error_is_in_the_table() -> None:
    kinds: list[type[CommandError]] = [CommandError, *CommandError.__subclasses__()]
    assert {0, *(kind.exit_code for kind in kinds)} == set(EXIT_CODES)
    assert len({kind.exit_code for kind in kinds}) == len(kinds)


def test_the_version(run: Run) -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("dialer")


def test_reading_commands_have_json() -> None:
    assert {"show", "list", "check"} <= set(COMMANDS)
