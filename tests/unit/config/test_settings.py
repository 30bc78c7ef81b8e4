"""Settings are read and checked as a whole, and every fault is reported at once."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import VARIABLES, Ambiguous, Profile, RateLimit, Secret, Settings, SettingsError, load
from config.values import FollowUp, LogFormat
from tests.support.settings import COMPLETE, SECRET, faults, loaded


def test_the_defaults_are_those_of_the_design() -> None:
    assert loaded() == Settings(
        region="mypurecloud.com",
        allow_http=False,
        profile=Profile.GUIDE,
        api_url="https://api.mypurecloud.com",
        login_url="https://api.mypurecloud.com",
        client_id="client-1",
        client_secret=Secret(SECRET),
        user_ids=("user-1",),
        wrap_up_code_id="code-1",
        redis_url=Secret("redis://localhost:6379/0"),
        redis_password=Secret(""),
        sentinel_master="mymaster",
        caller_id="+12125550100",
        default_region="US",
        allowed_regions=frozenset(),
        allow_premium=False,
        extra_ranges=(),
        rate_limit=RateLimit(count=300, period_s=60.0),
        connect_timeout_s=3.0,
        read_timeout_s=10.0,
        max_attempts=5,
        retry_for_s=86400,
        retention_days=7.0,
        ambiguous=Ambiguous.HOLD,
        follow_up=FollowUp.ON,
        calls_per_user=None,
        redial="",
        longest_call_s=7200.0,
        log_format=LogFormat.TEXT,
    )


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
