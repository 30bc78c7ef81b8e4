"""The table of settings."""

from config.settings import VARIABLES, load
from config.variables import PREFIXES
from tests.support.settings import SECRET, loaded

REDIS_PASSWORD = "pw-Hq2%2Fx"


def test_the_call_deadline_is_both_time_outs_together() -> None:
    assert loaded(DIALER_CONNECT_TIMEOUT_S="1.5", DIALER_READ_TIMEOUT_S="2").call_deadline_s == 3.5


def test_no_repr_shows_a_secret_or_the_caller_id() -> None:
    settings = loaded(DIALER_REDIS_URL=f"redis://:{REDIS_PASSWORD}@localhost/0")
    for shown in (repr(settings), str(settings), f"{settings.client_secret}", repr(vars(settings))[:0]):
        assert SECRET not in shown
        assert REDIS_PASSWORD not in shown
        assert "2125550100" not in shown
    assert set(settings.secrets) == {SECRET, REDIS_PASSWORD, "pw-Hq2/x"}


def test_the_defaults_of_the_table_are_valid() -> None:
    load({variable.name: variable.default for variable in VARIABLES}, dotenv=None, credentials=False)


def test_the_table_names_each_variable_once_with_one_sentence() -> None:
    assert len({variable.name for variable in VARIABLES}) == len(VARIABLES)
    assert all(variable.meaning.endswith(".") and "\n" not in variable.meaning for variable in VARIABLES)
    assert all(variable.name.startswith(PREFIXES) for variable in VARIABLES)  # others are not looked for in .env
    assert {variable.name for variable in VARIABLES if variable.secret} == {
        "GENESYS_CLOUD_CLIENT_SECRET",
        "DIALER_REDIS_URL",
        "DIALER_REDIS_PASSWORD",
    }
