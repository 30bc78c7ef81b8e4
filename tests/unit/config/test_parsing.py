"""Each setting accepts its good values, and reports a bad one under its name."""

import pytest

from config.parsing import REGIONS
from config.settings import Ambiguous, RateLimit
from tests.support.settings import COMPLETE, faults, loaded


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("DIALER_DEFAULT_REGION", "GB", "default_region", "GB"),
        ("DIALER_ALLOWED_REGIONS", "US, CA,GB", "allowed_regions", frozenset({"US", "CA", "GB"})),
        ("DIALER_ALLOWED_REGIONS", "US,001", "allowed_regions", frozenset({"US", "001"})),
        ("DIALER_ALLOWED_REGIONS", "", "allowed_regions", frozenset()),
        ("DIALER_EXTRA_RANGES", "+1679, +1861", "extra_ranges", ("+1679", "+1861")),
        ("DIALER_EXTRA_RANGES", "", "extra_ranges", ()),
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
        ("GENESYS_CLOUD_USER_ID", "  user-2\n", "user_ids", ("user-2",)),
        ("GENESYS_CLOUD_USER_ID", "user-2, user-1,user-2", "user_ids", ("user-2", "user-1")),
        ("DIALER_CALLS_PER_USER", "", "calls_per_user", None),
        ("DIALER_CALLS_PER_USER", "Unlimited", "calls_per_user", 0),
        ("DIALER_CALLS_PER_USER", "2", "calls_per_user", 2),
        ("DIALER_LONGEST_CALL", "90m", "longest_call_s", 5400.0),
    ],
)
def test_a_good_value_is_read(name: str, text: str, field: str, value: object) -> None:
    assert getattr(loaded(**{name: text}), field) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GENESYS_CLOUD_REGION", "us-east-1"),
        ("GENESYS_CLOUD_PROFILE", "private"),
        ("GENESYS_CLOUD_CLIENT_ID", "two words"),
        ("GENESYS_CLOUD_CLIENT_SECRET", "sécret"),
        ("GENESYS_CLOUD_CLIENT_SECRET", "line\x00"),
        ("GENESYS_CLOUD_ALLOW_HTTP", "perhaps"),
        ("DIALER_DEFAULT_REGION", "us"),
        ("DIALER_DEFAULT_REGION", "XX"),
        ("DIALER_ALLOWED_REGIONS", "US,XX"),
        ("DIALER_ALLOWED_REGIONS", ","),
        ("DIALER_EXTRA_RANGES", "1679"),
        ("DIALER_EXTRA_RANGES", "+1"),
        ("DIALER_EXTRA_RANGES", "+49"),
        ("DIALER_EXTRA_RANGES", "+380"),
        ("DIALER_EXTRA_RANGES", "+1679,"),
        ("DIALER_EXTRA_RANGES", "+1679;+1861"),
        ("DIALER_EXTRA_RANGES", "+0679"),
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
        ("GENESYS_CLOUD_USER_ID", "user-1,,user-2"),
        ("GENESYS_CLOUD_USER_ID", ",".join(f"user-{n}" for n in range(1001))),
        ("DIALER_CALLS_PER_USER", "0"),
        ("DIALER_CALLS_PER_USER", "1001"),
        ("DIALER_CALLS_PER_USER", "many"),
        ("DIALER_LONGEST_CALL", "2"),
        ("DIALER_LONGEST_CALL", "0m"),
        ("DIALER_LONGEST_CALL", "2d"),
    ],
)
@pytest.mark.parametrize("credentials", [True, False])
def test_a_bad_value_is_a_fault_that_names_its_variable(name: str, text: str, *, credentials: bool) -> None:
    (fault,) = faults(COMPLETE | {name: text}, credentials=credentials)
    assert fault.startswith(name)
    assert " is wrong: " in fault


@pytest.mark.parametrize("region", REGIONS)
def test_every_published_region_is_known(region: str) -> None:
    assert loaded(GENESYS_CLOUD_REGION=region.upper()).api_url == f"https://api.{region}"


@pytest.mark.parametrize("name", ["DIALER_DEFAULT_REGION", "DIALER_ALLOWED_REGIONS"])
@pytest.mark.parametrize(("written", "meant"), [("UK", "GB"), ("EN", "GB"), ("SP", "ES"), ("USA", "US")])
def test_a_region_that_is_no_code_names_the_one_that_was_meant(name: str, written: str, meant: str) -> None:
    (fault,) = faults({name: written}, credentials=False)
    assert f"did you mean {meant}?" in fault
