"""`DIALER_REDIS_URL` means the same for redis-py and for kombu, or is refused with what to write instead."""

from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from kombu.transport.redis import Channel, SentinelChannel

from config.celery import celery_config
from config.redis_address import read_address
from config.redis_options import OPTIONS
from config.settings import Settings, SettingsError, load
from worker.connection import connect

ROOT = Path(__file__).parents[3]


def settings(url: str, **more: str) -> Settings:
    return load({"DIALER_REDIS_URL": url, **more}, dotenv=None, credentials=False)


def fault(url: str, **more: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(url, **more)
    (found,) = caught.value.faults
    return found


def of_redis_py(given: Settings) -> dict[str, Any]:
    with connect(given) as client:
        return dict(client.connection_pool.connection_kwargs)


def of_kombu(given: Settings) -> dict[str, Any]:
    """What kombu would connect with; nothing is sent."""

    class Unconnected:
        def __init__(self, connection: Any) -> None:
            options = connection.transport_options
            self.connection = type("Transport", (), {"client": connection, "default_port": 6379})
            for name in (*Channel.from_transport_options, *SentinelChannel.from_transport_options):
                if name in options:
                    setattr(self, name, options[name])

    class Plain(Unconnected, Channel):
        pass

    class WithSentinels(Unconnected, SentinelChannel):
        pass

    app = Celery(set_as_current=False)
    app.conf.update(celery_config(given, queue="q"))
    with app.connection_for_read() as connection:
        channel: Any = (WithSentinels if connection.transport_cls == "sentinel" else Plain)(connection)
        found: dict[str, Any] = channel._connparams()
        return found


SAME = ("host", "port", "path", "username", "password", "db", "client_name", "ssl_ca_certs", "ssl_check_hostname")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h", {"host": "h", "port": 6379, "db": 0}),
        ("redis://h:7?db=2", {"host": "h", "port": 7, "db": 2}),
        ("redis://u:p%40%2F@[::1]:7/3?client_name=x", {"host": "::1", "username": "u", "password": "p@/", "db": 3}),
        ("redis://h?client_name=dialer-1", {"client_name": "dialer-1"}),
        ("rediss://h?ssl_ca_certs=%2Fca.pem", {"ssl_ca_certs": "/ca.pem", "db": 0}),
        ("rediss://h/1?ssl_check_hostname=False", {"ssl_check_hostname": False, "db": 1}),
        ("redis+socket://u:p%40@/run/r.sock?virtual_host=2", {"path": "/run/r.sock", "password": "p@", "db": 2}),
        ("redis+socket:///run/r.sock?db=2", {"path": "/run/r.sock", "db": 2}),
        ("unix://:pw@/run/r.sock?db=4", {"path": "/run/r.sock", "password": "pw", "db": 4}),
        ("unix:///run/r.sock", {"path": "/run/r.sock", "db": 0}),
        ("sentinel://a;sentinel://u:p%40@b:2/3", {"username": "u", "password": "p@", "db": 3}),
        ("sentinel://u:p%40@a/3;sentinel://b:2", {"username": "u", "password": "p@", "db": 3}),
    ],
)
def test_both_libraries_understand_the_same(url: str, expected: dict[str, Any]) -> None:
    given = settings(url)
    ours, celerys = of_redis_py(given), of_kombu(given)
    for name in SAME if "sentinel" not in url else ("username", "password", "db", "client_name"):
        assert ours.get(name) == celerys.get(name) == expected.get(name, ours.get(name)), name
    assert read_address(read_address(url).url) == read_address(url)


@pytest.mark.parametrize("written", ["CERT_REQUIRED", "required", "cert_optional", "CERT_NONE", "none"])
def test_a_certificate_is_verified_as_it_is_written(written: str) -> None:
    given = settings(f"rediss://h?ssl_cert_reqs={written}")
    plain = written.lower().removeprefix("cert_")
    assert of_redis_py(given)["ssl_cert_reqs"] == plain
    assert of_kombu(given)["ssl_cert_reqs"].name == f"CERT_{plain.upper()}"
    assert of_redis_py(given).get("ssl_check_hostname") is (False if plain == "none" else None)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        *((f"redis://h?{name}=5", "Dialer sets it by itself; remove it") for name in ("socket_timeout", "protocol")),
        *((f"redis://h?{name}=5", "remove it") for name in ("health_check_interval", "max_connections", "timeout")),
        ("redis://h?timeout=5s", "remove it"),
        ("redis://h?ssl=true", "for TLS write rediss:// in place of redis://"),
        ("redis://h?ssl_cert_reqs=required", "TLS needs rediss:// in place of redis://"),
        ("redis://h?credential_provider=os.system", "the options of redis:// are: db, client_name"),
        ("redis://h?Ünknown=1", "the option "),
        ("redis://h/1?db=2", "name different databases"),
        ("redis://h?db=two", "the database is not a number"),
        ("redis://h?client_name=a%20b", "holds a space"),
        ("redis://h?client_name=a&client_name=b", "given twice"),
        ("redis://h?sentinel_user=a", "it belongs to sentinel://"),
        ("rediss://h?ssl_cert_reqs=yes", "ssl_cert_reqs is 'required', 'optional' or 'none'"),
        ("rediss://h?ssl_check_hostname=maybe", "ssl_check_hostname is 'true' or 'false'"),
        ("rediss://h?ssl_min_version=3", "the options of rediss:// are: db, client_name, ssl_ca_certs"),
        ("sentinel://:a@h;sentinel://:b@g", "name different passwords"),
        ("sentinel://h/1;sentinel://g/2", "name different databases"),
        ("redis+socket:///run/r.sock?timeout=5", "remove it"),
    ],
)
def test_an_option_that_one_of_them_does_not_know_is_refused(url: str, told: str) -> None:
    if url.isascii():
        assert told in fault(url)
    else:
        assert fault(url)


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("redis://h", "redis://:p%40%2Fw@h:6379/0"),
        ("redis://worker@h:7/2", "redis://worker:p%40%2Fw@h:7/2"),
        ("rediss://h", "rediss://:p%40%2Fw@h:6379/0?ssl_cert_reqs=required"),
        ("redis+socket:///run/r.sock", "redis+socket://:p%40%2Fw@/run/r.sock?virtual_host=0"),
        ("sentinel://a;sentinel://b:2/1", "sentinel://:p%40%2Fw@a:26379/1;sentinel://:p%40%2Fw@b:2/1"),
    ],
)
def test_the_password_may_stand_apart(url: str, full: str, tmp_path: Path) -> None:
    given = settings(url, DIALER_REDIS_PASSWORD="p@/w")
    assert given.redis_url.reveal() == full
    assert of_redis_py(given)["password"] == of_kombu(given)["password"] == "p@/w"
    assert {"p@/w", "p%40%2Fw"} <= set(given.secrets)
    (tmp_path / "password").write_text("p@/w\n")
    assert settings(url, DIALER_REDIS_PASSWORD_FILE=str(tmp_path / "password")).redis_url == given.redis_url


def test_two_passwords_are_a_fault_and_neither_is_shown() -> None:
    told = fault("redis://:pw-77@h", DIALER_REDIS_PASSWORD="pw-88")
    assert told == "DIALER_REDIS_PASSWORD is wrong: the URL has a password too; remove one of the two"


def test_the_login_goes_to_the_sentinels_too() -> None:
    for url, user in (("sentinel://worker:pw@h", "default"), ("sentinel://worker:pw@h?sentinel_user=s", "s")):
        with connect(settings(url)) as client:
            (sentinel,) = client.connection_pool.sentinel_manager.sentinels
            found = sentinel.connection_pool.connection_kwargs
        assert (found["username"], found["password"]) == (user, "pw")
        kombus = celery_config(settings(url), queue="q")["broker_transport_options"]["sentinel_kwargs"]
        assert (kombus["username"], kombus["password"]) == (user, "pw")


def test_the_documentation_has_every_option() -> None:
    text = (ROOT / "docs/reference/settings.md").read_text()
    for name in OPTIONS:
        assert f"`{name}`" in text
