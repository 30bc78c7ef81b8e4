import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.parsing import REGIONS
from config.settings import (
    VARIABLES,
    Ambiguous,
    Profile,
    RateLimit,
    Secret,
    Settings,
    SettingsError,
    load,
)
from config.values import LogFormat
from config.variables import PREFIXES

SECRET = "s3cret-Zq8!x"
REDIS_PASSWORD = "pw-Hq2%2Fx"
COMPLETE = {
    "GENESYS_CLOUD_CLIENT_ID": "client-1",
    "GENESYS_CLOUD_CLIENT_SECRET": SECRET,
    "GENESYS_CLOUD_USER_ID": "user-1",
    "GENESYS_CLOUD_WRAP_UP_CODE_ID": "code-1",
    "DIALER_CALLER_ID": "+12125550100",
}


def loaded(**changes: str) -> Settings:
    return load(COMPLETE | changes, dotenv=None)


def faults(environ: dict[str, str], *, dotenv: Path | None = None, credentials: bool = True) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(environ, dotenv=dotenv, credentials=credentials)
    assert str(caught.value).splitlines() == caught.value.faults
    return caught.value.faults


def test_the_defaults_are_those_of_the_design() -> None:
    assert loaded() == Settings(
        region="mypurecloud.com",
        allow_http=False,
        profile=Profile.GUIDE,
        api_url="https://api.mypurecloud.com",
        login_url="https://api.mypurecloud.com",
        client_id="client-1",
        client_secret=Secret(SECRET),
        user_id="user-1",
        wrap_up_code_id="code-1",
        redis_url=Secret("redis://localhost:6379/0"),
        redis_password=Secret(""),
        sentinel_master="mymaster",
        caller_id="+12125550100",
        default_region="US",
        allowed_regions=frozenset(),
        allow_premium=False,
        rate_limit=RateLimit(count=300, period_s=60.0),
        connect_timeout_s=3.0,
        read_timeout_s=10.0,
        max_attempts=5,
        retry_for_s=86400,
        retention_days=7.0,
        ambiguous=Ambiguous.HOLD,
        log_format=LogFormat.TEXT,
    )


def test_the_call_deadline_is_both_time_outs_together() -> None:
    assert loaded(DIALER_CONNECT_TIMEOUT_S="1.5", DIALER_READ_TIMEOUT_S="2").call_deadline_s == 3.5


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("DIALER_REDIS_URL", "rediss://u:p@redis.example:6380/3", "redis_url", None),
        ("DIALER_REDIS_URL", "rediss://:pw@[::1]:6379/0?ssl_cert_reqs=none", "redis_url", None),
        ("DIALER_REDIS_URL", "sentinel://a:26379;sentinel://b:26379/0", "redis_url", None),
        ("DIALER_REDIS_URL", "sentinel://:pw@a:26379/0", "redis_url", None),
        ("DIALER_REDIS_URL", "redis+socket:///run/redis.sock?virtual_host=1", "redis_url", None),
        ("DIALER_REDIS_URL", "unix:///run/redis.sock", "redis_url", None),
        ("DIALER_DEFAULT_REGION", "GB", "default_region", "GB"),
        ("DIALER_ALLOWED_REGIONS", "US, CA,GB", "allowed_regions", frozenset({"US", "CA", "GB"})),
        ("DIALER_ALLOWED_REGIONS", "US,001", "allowed_regions", frozenset({"US", "001"})),
        ("DIALER_ALLOWED_REGIONS", "", "allowed_regions", frozenset()),
        ("DIALER_ALLOW_PREMIUM", "Yes", "allow_premium", True),
        ("DIALER_ALLOW_PREMIUM", "false", "allow_premium", False),
        ("DIALER_RATE_LIMIT", "5/s", "rate_limit", RateLimit(count=5, period_s=1.0)),
        ("DIALER_RATE_LIMIT", "300/1m", "rate_limit", RateLimit(count=300, period_s=60.0)),
        ("DIALER_RATE_LIMIT", "1/1h", "rate_limit", RateLimit(count=1, period_s=3600.0)),
        ("DIALER_READ_TIMEOUT_S", "0.25", "read_timeout_s", 0.25),
        ("DIALER_MAX_ATTEMPTS", "100", "max_attempts", 100),
        ("DIALER_RETRY_FOR_S", "3600", "retry_for_s", 3600),
        ("DIALER_SENTINEL_MASTER", "dialer-master", "sentinel_master", "dialer-master"),
        ("DIALER_RETENTION_DAYS", "0.5", "retention_days", 0.5),
        ("DIALER_AMBIGUOUS", "redial", "ambiguous", Ambiguous.REDIAL),
        ("DIALER_LOG_FORMAT", "json", "log_format", "json"),
        ("GENESYS_CLOUD_USER_ID", "  user-2\n", "user_id", "user-2"),
    ],
)
def test_a_good_value_is_read(name: str, text: str, field: str, value: object) -> None:
    expected = Secret(text) if value is None else value
    assert getattr(loaded(**{name: text}), field) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GENESYS_CLOUD_REGION", "us-east-1"),
        ("GENESYS_CLOUD_PROFILE", "private"),
        ("GENESYS_CLOUD_CLIENT_ID", "two words"),
        ("GENESYS_CLOUD_CLIENT_SECRET", "sécret"),
        ("GENESYS_CLOUD_CLIENT_SECRET", "line\x00"),
        ("GENESYS_CLOUD_API_URL", "api.example.com"),
        ("GENESYS_CLOUD_API_URL", "ftp://api.example.com"),
        ("GENESYS_CLOUD_API_URL", "https://"),
        ("GENESYS_CLOUD_API_URL", "https://user:pw@api.example.com"),
        ("GENESYS_CLOUD_API_URL", "https://api.example.com?x=1"),
        ("GENESYS_CLOUD_API_URL", "https://api.example.com#x"),
        ("GENESYS_CLOUD_API_URL", "https://api.example.com:99999"),
        ("GENESYS_CLOUD_API_URL", "https://[::1"),
        ("GENESYS_CLOUD_API_URL", "https://api.exa\nmple.com"),
        ("GENESYS_CLOUD_API_URL", "http://api.example.com"),
        ("GENESYS_CLOUD_API_URL", "http://127.0.0.1.example.com"),
        ("GENESYS_CLOUD_LOGIN_URL", "http://localhost.example.com"),
        ("GENESYS_CLOUD_ALLOW_HTTP", "perhaps"),
        ("DIALER_REDIS_URL", "localhost:6379"),
        ("DIALER_REDIS_URL", "http://localhost"),
        ("DIALER_REDIS_URL", "redis:///0"),
        ("DIALER_REDIS_URL", "redis://localhost/zero"),
        ("DIALER_REDIS_URL", "redis://:a#b@localhost/0"),
        ("DIALER_REDIS_URL", "redis://localhost:0/0"),
        ("DIALER_REDIS_URL", "redis://localhost/0#1"),
        ("DIALER_REDIS_URL", "sentinel://a:26379;b:26379"),
        ("DIALER_REDIS_URL", "sentinel://a:26379;redis://b:6379"),
        ("DIALER_REDIS_URL", "redis+socket://"),
        ("DIALER_DEFAULT_REGION", "us"),
        ("DIALER_DEFAULT_REGION", "XX"),
        ("DIALER_ALLOWED_REGIONS", "US,XX"),
        ("DIALER_ALLOWED_REGIONS", ","),
        ("DIALER_ALLOW_PREMIUM", "2"),
        ("DIALER_RATE_LIMIT", "300"),
        ("DIALER_RATE_LIMIT", "0/60s"),
        ("DIALER_RATE_LIMIT", "-1/60s"),
        ("DIALER_RATE_LIMIT", "300/0s"),
        ("DIALER_RATE_LIMIT", "300/2h"),
        ("DIALER_RATE_LIMIT", "٣/s"),
        ("DIALER_CONNECT_TIMEOUT_S", "0"),
        ("DIALER_CONNECT_TIMEOUT_S", "inf"),
        ("DIALER_READ_TIMEOUT_S", "nan"),
        ("DIALER_READ_TIMEOUT_S", "1e1"),
        ("DIALER_READ_TIMEOUT_S", "3600"),
        ("DIALER_MAX_ATTEMPTS", "0"),
        ("DIALER_RETRY_FOR_S", "0"),
        ("DIALER_MAX_ATTEMPTS", "101"),
        ("DIALER_MAX_ATTEMPTS", "2.5"),
        ("DIALER_MAX_ATTEMPTS", "9" * 5000),
        ("DIALER_RETENTION_DAYS", "0"),
        ("DIALER_RETENTION_DAYS", "3651"),
        ("DIALER_AMBIGUOUS", "retry"),
        ("DIALER_LOG_FORMAT", "xml"),
    ],
)
@pytest.mark.parametrize("credentials", [True, False])
def test_a_bad_value_is_a_fault_that_names_its_variable(name: str, text: str, *, credentials: bool) -> None:
    (fault,) = faults(COMPLETE | {name: text}, credentials=credentials)
    assert fault.startswith(name)
    assert " is wrong: " in fault


def test_every_fault_is_named_at_once() -> None:
    environ = {
        "GENESYS_CLOUD_REGION": "mypurecloud.con",
        "DIALER_RATE_LIMIT": "fast",
        "DIALER_MAX_ATTEMPT": "3",
        "GENESYS_CLOUD_USER_ID": "u",
        "GENESYS_CLOUD_USER_ID_FILE": "/u",
    }
    named = [fault.split()[0] for fault in faults(environ)]
    assert sorted(named) == [
        "DIALER_CALLER_ID",
        "DIALER_MAX_ATTEMPT",
        "DIALER_RATE_LIMIT",
        "GENESYS_CLOUD_CLIENT_ID",
        "GENESYS_CLOUD_CLIENT_SECRET",
        "GENESYS_CLOUD_REGION",
        "GENESYS_CLOUD_USER_ID",
        "GENESYS_CLOUD_WRAP_UP_CODE_ID",
    ]


def test_commands_that_only_talk_to_redis_need_no_credentials() -> None:
    settings = load({}, dotenv=None, credentials=False)
    assert (settings.client_id, bool(settings.client_secret), settings.caller_id) == ("", False, "")


def test_only_the_guide_needs_a_wrap_up_code() -> None:
    without = {name: text for name, text in COMPLETE.items() if name != "GENESYS_CLOUD_WRAP_UP_CODE_ID"}
    assert load(without | {"GENESYS_CLOUD_PROFILE": "public"}, dotenv=None).wrap_up_code_id == ""
    assert len(faults(without)) == 1


@pytest.mark.parametrize("region", REGIONS)
def test_every_published_region_is_known(region: str) -> None:
    assert loaded(GENESYS_CLOUD_REGION=region.upper()).api_url == f"https://api.{region}"


@pytest.mark.parametrize(
    ("changes", "api_url", "login_url"),
    [
        ({"GENESYS_CLOUD_PROFILE": "public"}, "https://api.mypurecloud.com", "https://login.mypurecloud.com"),
        ({"GENESYS_CLOUD_API_URL": "http://127.9.9.9:1/"}, "http://127.9.9.9:1", "http://127.9.9.9:1"),
        ({"GENESYS_CLOUD_API_URL": "http://[::1]:1/a/"}, "http://[::1]:1/a", "http://[::1]:1/a"),
        (
            {"GENESYS_CLOUD_LOGIN_URL": "http://localhost:1"},
            "https://api.mypurecloud.com",
            "http://localhost:1",
        ),
        (
            {"GENESYS_CLOUD_API_URL": "https://a.test", "GENESYS_CLOUD_PROFILE": "public"},
            "https://a.test",
            "https://login.mypurecloud.com",
        ),
        (
            {"GENESYS_CLOUD_API_URL": "http://a.test", "GENESYS_CLOUD_ALLOW_HTTP": "1"},
            "http://a.test",
            "http://a.test",
        ),
        (
            {
                "GENESYS_CLOUD_REGION": "new.pure.cloud",
                "GENESYS_CLOUD_API_URL": "https://a.test",
                "GENESYS_CLOUD_LOGIN_URL": "https://l.test",
            },
            "https://a.test",
            "https://l.test",
        ),
    ],
)
def test_where_api_and_login_are(changes: dict[str, str], api_url: str, login_url: str) -> None:
    settings = loaded(**changes)
    assert (settings.api_url, settings.login_url) == (api_url, login_url)


@pytest.mark.parametrize("other", ["GENESYS_CLOUD_API_URL", "GENESYS_CLOUD_LOGIN_URL"])
def test_an_unknown_region_needs_both_urls(other: str) -> None:
    (fault,) = faults(COMPLETE | {"GENESYS_CLOUD_REGION": "new.pure.cloud", other: "https://a.test"})
    assert fault.startswith("GENESYS_CLOUD_REGION ")


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
    assert (settings.max_attempts, settings.rate_limit.count, settings.user_id) == (3, 5, "user-1")
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


def test_no_repr_shows_a_secret_or_the_caller_id() -> None:
    settings = loaded(DIALER_REDIS_URL=f"redis://:{REDIS_PASSWORD}@localhost/0")
    for shown in (repr(settings), str(settings), f"{settings.client_secret}", repr(vars(settings))[:0]):
        assert SECRET not in shown
        assert REDIS_PASSWORD not in shown
        assert "2125550100" not in shown
    assert set(settings.secrets) == {SECRET, REDIS_PASSWORD, "pw-Hq2/x"}


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_no_fault_shows_a_secret(variable: object) -> None:
    """Nor what stands in the wrong variable, where that holds a URL or is as long as a secret is."""
    password = "Kx7" * 15
    for name in ("GENESYS_CLOUD_CLIENT_SECRET", "DIALER_REDIS_URL", variable.name):  # type: ignore[attr-defined]  # ids
        with pytest.raises(SettingsError) as caught:
            load({"DIALER_MAX_ATTEMPTS": "x", name: f"redis://:{password}#@é"}, dotenv=None)
        assert password not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "hidden"),
    [
        ("GENESYS_CLOUD_CLIENT_SECRET", "pw-77é", "pw-77"),
        ("DIALER_REDIS_URL", "redis//:pw-77", "pw-77"),
        ("GENESYS_CLOUD_LOGIN_URL", "https://u:pw-77 x@host", "pw-77"),
        ("GENESYS_CLOUD_USER_ID", "+1 212 555 1234", "212"),
    ],
)
def test_a_fault_repeats_nothing_private(name: str, text: str, hidden: str) -> None:
    assert hidden not in str(faults(COMPLETE | {name: text}))


def test_a_fault_repeats_a_harmless_value() -> None:
    assert faults(COMPLETE | {"DIALER_MAX_ATTEMPTS": "five"}) == [
        "DIALER_MAX_ATTEMPTS ('five') is wrong: not a whole number from 1 to 100"
    ]


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


def test_loading_the_defaults_imports_nothing_heavy() -> None:
    program = (
        "import sys, config.settings as s; s.load({}, dotenv=None, credentials=False); "
        "print({'phonenumbers', 'dotenv', 'celery', 'redis'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


NAMES = [variable.name for variable in VARIABLES]


@given(
    environ=st.dictionaries(
        st.sampled_from(NAMES)
        | st.sampled_from(NAMES).map(lambda name: f"{name}_FILE")
        | st.text().map(lambda text: f"DIALER_{text}")
        | st.text(),
        st.text()
        | st.sampled_from(["redis://", "https://[", "sentinel://;", "1/1s", "US", "0", "public", "\0", "//"])
        | st.text().map(lambda text: f"redis://{text}")
        | st.text().map(lambda text: f"https://{text}"),
    ),
    credentials=st.booleans(),
)
def test_any_environment_gives_settings_or_faults(environ: dict[str, str], *, credentials: bool) -> None:
    try:
        settings = load(environ, dotenv=None, credentials=credentials)
    except SettingsError as error:
        faults = error.faults
    else:
        assert settings.call_deadline_s > 0
        assert all(settings.secrets) or not credentials
        return
    assert faults
    assert all(fault.isprintable() for fault in faults)


def checked(environ: dict[str, str], dotenv: Path | None) -> list[str]:
    """What is shown of the settings, or the faults, of one line each."""
    try:
        shown = [repr(load(COMPLETE | environ, dotenv=dotenv))]
    except SettingsError as error:
        shown = error.faults
    assert shown
    assert all(line.isprintable() for line in shown)
    return shown


SECRETS = [variable.name for variable in VARIABLES if variable.secret]
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
