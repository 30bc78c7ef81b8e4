"""`dialer worker`: what is checked before the worker starts."""

from tests.unit.conftest import Run


def test_a_caller_id_that_no_call_could_show_keeps_the_worker_from_starting(run: Run) -> None:
    result = run(
        "worker",
        GENESYS_CLOUD_CLIENT_ID="c",
        GENESYS_CLOUD_CLIENT_SECRET="secret",
        GENESYS_CLOUD_USER_ID="u",
        GENESYS_CLOUD_WRAP_UP_CODE_ID="w",
        DIALER_CALLER_ID="+1 212",
    )
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: DIALER_CALLER_ID is wrong: ")
