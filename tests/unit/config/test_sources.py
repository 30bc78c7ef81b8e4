"""Settings come from the environment, from a `.env` file, and from files that variables name."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.settings import VARIABLES, SettingsError, load
from tests.support.settings import COMPLETE, SECRET, faults, loaded


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "# comment\nexport DIALER_MAX_ATTEMPTS=9\nDIALER_RATE_LIMIT='5/s'\nCOMPOSE_PROJECT_NAME=x\n"
        'GENESYS_CLOUD_USER_ID="in-file"\nGENESYS_CLOUD_CLIENT_ID_FILE=/missing\n'
        "GENESYS_CLOUD_CLIENT_SECRET=a${HOME}b\n"
    )
    environ = {name: text for name, text in COMPLETE.items() if name != "GENESYS_CLOUD_CLIENT_SECRET"}
    with pytest.raises(SettingsError, match="GENESYS_CLOUD_CLIENT_ID_FILE"):
        load(environ | {"GENESYS_CLOUD_CLIENT_ID": ""}, dotenv=dotenv)
    dotenv.write_text(dotenv.read_text().replace("GENESYS_CLOUD_CLIENT_ID_FILE=/missing\n", ""))
    settings = load(environ | {"DIALER_MAX_ATTEMPTS": "3"}, dotenv=dotenv)
    assert (settings.max_attempts, settings.rate_limit.count, settings.user_ids) == (3, 5, ("user-1",))
    assert settings.client_secret.reveal() == "a${HOME}b"


def test_the_file_is_looked_for_in_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DIALER_MAX_ATTEMPTS=9\n")
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.setenv("DIALER_DEFAULT_REGION", "GB")
    settings = load(credentials=False)
    assert (settings.max_attempts, settings.default_region) == (9, "GB")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"A=1\n\nDIALER_MAX_ATTEMPTS='3\n", "line 3 of .env cannot be read"),
        (b"A=1\nDIALER_MAX_ATTEMPTS\n", "line 2 of .env cannot be read"),
        (b"DIALER_CALLER_ID=\xff:\n", ".env cannot be read (UnicodeDecodeError)"),
        (b"DIALER_MAX_TRIES=3\n", "DIALER_MAX_TRIES is not a setting"),
    ],
)
def test_a_file_that_would_be_misread_is_a_fault(tmp_path: Path, text: bytes, fault: str) -> None:
    (tmp_path / ".env").write_bytes(text)
    (found,) = faults(COMPLETE, dotenv=tmp_path / ".env")
    assert found.startswith(fault)


def test_a_variable_can_name_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "attempts").write_text("8")
    environ = COMPLETE | {
        "GENESYS_CLOUD_CLIENT_SECRET": "",
        "GENESYS_CLOUD_CLIENT_SECRET_FILE": str(tmp_path / "secret"),
        "DIALER_MAX_ATTEMPTS_FILE": str(tmp_path / "attempts"),
    }
    settings = load(environ, dotenv=None)
    assert (settings.client_secret.reveal(), settings.max_attempts) == (SECRET, 8)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", b"x" * 70_000])
def test_a_file_without_a_value_is_one_fault(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    environ = COMPLETE | {"GENESYS_CLOUD_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    del environ["GENESYS_CLOUD_CLIENT_SECRET"]
    (fault,) = faults(environ)
    assert fault.startswith("GENESYS_CLOUD_CLIENT_SECRET_FILE names a file that ")


def test_a_variable_and_its_file_both_set_is_a_fault() -> None:
    (fault,) = faults(COMPLETE | {"GENESYS_CLOUD_CLIENT_SECRET_FILE": "/run/secrets/x"})
    assert fault.startswith("GENESYS_CLOUD_CLIENT_SECRET and GENESYS_CLOUD_CLIENT_SECRET_FILE are both set")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("DIALER_MAX_ATTEMPT", "did you mean DIALER_MAX_ATTEMPTS?"),
        ("GENESYS_CLOUD_CLIENTID", "did you mean GENESYS_CLOUD_CLIENT_ID?"),
        ("DIALER_MAX_ATTEMPT_FILE", "did you mean DIALER_MAX_ATTEMPTS?"),
        ("DIALER_\nZZZZ", "'DIALER_\\nZZZZ' is not a setting"),
        ("DIALER_PORT", "is not a setting"),
    ],
)
def test_an_unknown_variable_is_a_fault(name: str, hint: str) -> None:
    (fault,) = faults(COMPLETE | {name: SECRET})
    assert hint in fault
    assert SECRET not in fault


def test_what_kubernetes_tells_of_a_service_named_dialer_is_no_fault() -> None:
    loaded(
        DIALER_SERVICE_HOST="10.0.0.1",
        DIALER_SERVICE_PORT="80",
        DIALER_SERVICE_PORT_METRICS="80",
        DIALER_REDIS_SERVICE_HOST="10.0.0.2",
        DIALER_PORT="tcp://10.0.0.1:80",
        DIALER_PORT_80_TCP="tcp://10.0.0.1:80",
        DIALER_PORT_80_TCP_ADDR="10.0.0.1",
    )


NAMES = [variable.name for variable in VARIABLES]
SECRETS = [variable.name for variable in VARIABLES if variable.secret]


def checked(environ: dict[str, str], dotenv: Path | None) -> list[str]:
    """What is shown of the settings, or the faults, of one line each."""
    try:
        shown = [repr(load(COMPLETE | environ, dotenv=dotenv))]
    except SettingsError as error:
        shown = error.faults
    assert shown
    assert all(line.isprintable() for line in shown)
    return shown


dotenv_lines = st.sampled_from(SECRETS).flatmap(
    lambda name: st.sampled_from(
        [
            f"{name}={SECRET}",
            f"{name}='{SECRET}",
            f'{name}="{SECRET}\\',
            f"export {name} = redis://:{SECRET}@[",
            f"{name}",
            f"{name}_FILE=/dev/null",
            f"{name}_FILE=.",
            f"{name}X={SECRET}",
            f"={name}",
            "DIALER_\0=1",
        ]
    ).map(str.encode)
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=60), lines=st.lists(dotenv_lines, max_size=4))
def test_any_bytes_in_the_file_give_settings_or_faults(tmp_path: Path, junk: bytes, lines: list[bytes]) -> None:
    (tmp_path / ".env").write_bytes(b"\n".join([*lines, junk]))
    checked({}, tmp_path / ".env")
    (tmp_path / ".env").write_bytes(b"\n".join(lines))
    assert SECRET not in str(checked({}, tmp_path / ".env"))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    named=st.tuples(st.sampled_from(NAMES), st.binary(max_size=60))
    | st.tuples(
        st.sampled_from(SECRETS),
        st.text(max_size=30).map(lambda text: f"{SECRET}{text}".encode(errors="replace"))
        | st.just(SECRET.encode() * 20_000),
    ),
)
def test_any_bytes_in_a_file_that_a_variable_names_give_settings_or_faults(
    tmp_path: Path, named: tuple[str, bytes]
) -> None:
    name, content = named
    (tmp_path / "value").write_bytes(content)
    shown = checked({name: "", f"{name}_FILE": str(tmp_path / "value")}, None)
    assert SECRET not in str(shown) or name not in SECRETS


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/", "\0", "x" * 5000])
def test_a_path_that_leads_to_no_file_is_one_fault(path: str) -> None:
    environ = {name: text for name, text in COMPLETE.items() if name != "GENESYS_CLOUD_CLIENT_SECRET"}
    (fault,) = faults(environ | {"GENESYS_CLOUD_CLIENT_SECRET_FILE": path})
    assert fault.startswith("GENESYS_CLOUD_CLIENT_SECRET_FILE names a file that ")
    assert len(fault) < 200
