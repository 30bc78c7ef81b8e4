"""The URLs among the settings."""

import pytest

from config.settings import Secret
from tests.support.settings import COMPLETE, faults, loaded


@pytest.mark.parametrize(
    "text",
    [
        "rediss://u:p@redis.example:6380/3",
        "rediss://:pw@[::1]:6379/0?ssl_cert_reqs=none",
        "sentinel://a:26379;sentinel://b:26379/0",
        "sentinel://:pw@a:26379/0",
        "redis+socket:///run/redis.sock?virtual_host=1",
        "unix:///run/redis.sock",
    ],
)
def test_a_good_redis_url_is_read(text: str) -> None:
    assert loaded(DIALER_REDIS_URL=text).redis_url == Secret(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
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
    ],
)
@pytest.mark.parametrize("credentials", [True, False])
def test_a_bad_value_is_a_fault_that_names_its_variable(name: str, text: str, *, credentials: bool) -> None:
    (fault,) = faults(COMPLETE | {name: text}, credentials=credentials)
    assert fault.startswith(name)
    assert " is wrong: " in fault


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
