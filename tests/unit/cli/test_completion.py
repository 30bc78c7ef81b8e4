"""`dialer completion`."""

import pytest

from tests.unit.conftest import Run


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_DIALER_COMPLETE" in result.stdout
