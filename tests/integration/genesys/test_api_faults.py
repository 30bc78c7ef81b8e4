"""`dialer check` says why the API cannot be reached: it names host and proxy, and the fix, over real sockets."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from config.settings import load
from tasks.errors import DialError
from tasks.genesys.client import Genesys
from tests.support.scripted_server import (
    CERTIFICATE,
    Script,
    ScriptedServer,
    answers_and_closes,
    hangs_up,
    http,
    refused_port,
    says_nothing,
)
from worker.api_faults import explain

LOGIN = "https://login.mypurecloud.com"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.lower().endswith("_proxy") or name.endswith("CA_BUNDLE"):
            monkeypatch.delenv(name)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def told(url: str) -> str:
    environ = {
        "GENESYS_CLOUD_API_URL": url,
        "GENESYS_CLOUD_LOGIN_URL": url,
        "GENESYS_CLOUD_ALLOW_HTTP": "1",
        "GENESYS_CLOUD_CLIENT_ID": "a",
        "GENESYS_CLOUD_CLIENT_SECRET": "b",
        "DIALER_CONNECT_TIMEOUT_S": "0.5",
    }
    settings = load(environ, dotenv=None, credentials=False)
    with pytest.raises(DialError) as caught:
        Genesys(settings).request_token()
    sentence = explain(settings, caught.value)
    assert "Nothing to do" not in sentence
    assert "s3cret-word" not in sentence
    return sentence


def dead(stack: ExitStack) -> str:
    return f"127.0.0.1:{stack.enter_context(refused_port())}"


def scripted(script: Script) -> Callable[[ExitStack], str]:
    return lambda stack: f"127.0.0.1:{stack.enter_context(ScriptedServer(script)).port}"


@pytest.mark.parametrize(
    ("proxy", "url", "what", "fix"),
    [
        (dead, LOGIN, "cannot be reached through the proxy http://{}: Connection refused", "Check HTTPS_PROXY"),
        (lambda _: "nowhere.invalid:3128", LOGIN, "through the proxy http://{}: ", "add the host to NO_PROXY"),
        (scripted(says_nothing), LOGIN, "through the proxy http://{}: timed out", "Check HTTPS_PROXY"),
        (scripted(answers_and_closes(http(407))), LOGIN, "http://{} asks for a login (407)", "http://user:password@"),
        (scripted(answers_and_closes(http(407))), "http://api.test", "http://{} asks for a login (407)", "NO_PROXY"),
        (scripted(answers_and_closes(http(403))), LOGIN, "http://{} refuses to connect to login", "Allow the host"),
    ],
    ids=["dead", "no such host", "hangs", "407", "407 without TLS", "403"],
)
def test_a_proxy_is_named_with_the_host_behind_it(
    proxy: Callable[[ExitStack], str],
    url: str,
    what: str,
    fix: str,
    stack: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = proxy(stack)
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://user:s3cret-word@{place}")
    sentence = told(url)
    assert what.format(place) in sentence
    assert url.partition("://")[2] in sentence
    assert fix in sentence


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_socks_proxy_is_not_supported(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "socks5h://user:s3cret-word@proxy.test:1080")
    assert "The proxy socks5h://proxy.test:1080 is a SOCKS proxy, which Dialer does not support." in told(LOGIN)


def test_a_host_that_cannot_be_found_or_reached(stack: ExitStack) -> None:
    assert "The host nowhere.invalid cannot be found" in told("https://nowhere.invalid")
    assert "cannot be reached: Connection refused. Check the firewall" in told(f"https://{dead(stack)}")
    assert "cannot be reached: " in told(f"https://{scripted(hangs_up)(stack)}")


def test_files_and_certificates(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    server = stack.enter_context(ScriptedServer(answers_and_closes(http(400)), tls=True))
    assert "The certificate of 127.0.0.1 cannot be verified: self-signed certificate." in told(server.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    assert "The token endpoint answered 400" in told(server.url.replace("127.0.0.1", "localhost"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    sentence = told(server.url)
    assert "/nowhere/ca.pem does not exist. Correct REQUESTS_CA_BUNDLE" in sentence


def test_tls_on_one_side_only(stack: ExitStack) -> None:
    server = stack.enter_context(ScriptedServer(says_nothing, tls=True))
    assert "speaks TLS, and the URL does not. Use https://" in told(server.url.replace("https", "http"))

    def answers_garbage(peer: object) -> None:
        peer.read_some()  # type: ignore[attr-defined]
        peer.send(http(400))  # type: ignore[attr-defined]

    assert "does not speak TLS. Use http://" in told(f"https://{scripted(answers_garbage)(stack)}")
