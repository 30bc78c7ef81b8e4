"""Sends a request and reads the answer: one kept-alive session per thread, limited bodies, no redirects."""

import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import requests
import urllib3
from requests.auth import AuthBase

from tasks.genesys.answers import Answer, TransportFault
from tasks.genesys.connection import CurrentRequest, WatchedAdapter, current_request
from tasks.genesys.profiles import ApiRequest

#: Answers have a few hundred bytes. The rest of a longer answer is not read, and its connection is not used again.
LONGEST_BODY: Final = 1_000_000

try:
    _VERSION = version("dialer")
except PackageNotFoundError:  # run from a checkout
    _VERSION = "0"


class NoAnswer(Exception):
    """The request got no status line and headers; `fault` says whether a byte of it was sent."""

    def __init__(self, fault: TransportFault, reason: str) -> None:
        self.fault = fault
        self.reason = reason
        super().__init__(reason)


class Http:
    """Sends requests; thread-safe, because each thread has its own session."""

    def __init__(self, *, connect_timeout_s: float, read_timeout_s: float) -> None:
        self._timeout_s = (connect_timeout_s, read_timeout_s)
        self._local = threading.local()

    def send(self, request: ApiRequest, *, deadline_s: float) -> Answer:
        """Send the request once, within `deadline_s` unless the name server takes longer; raises NoAnswer."""
        current = CurrentRequest(ends_at=time.monotonic() + deadline_s)
        previous = current_request.set(current)
        try:
            with self._session().request(
                request.method,
                request.url,
                json=request.json,
                data=request.form,
                headers=dict(request.headers),
                auth=_Authorization(request.authorization),
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                body, fault = _read(response)
                return Answer(status=response.status_code, headers=response.headers, body=body, fault=fault)
        except Exception as e:  # of any kind: after the first byte, only an answer proves that no call was placed
            fault = _fault(e) if current.written else TransportFault.NOT_SENT
            raise NoAnswer(fault, _reason(e)) from e
        finally:
            current_request.reset(previous)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = _Session()
        session: requests.Session = self._local.session
        return session


class _Session(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        # Answers are small and limited, so compression is not requested.
        self.headers.clear()
        self.headers.update({"User-Agent": f"dialer/{_VERSION}", "Accept-Encoding": "identity"})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", WatchedAdapter())
        self.mount("http://", WatchedAdapter())

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: otherwise requests reads the whole body of a redirect for a request that is never sent."""


class _Authorization(AuthBase):
    """Sets the header Authorization. Without it, requests uses the password of the host in ~/.netrc."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value is not None:
            request.headers["Authorization"] = self._value
        return request


def _read(response: requests.Response) -> tuple[bytes, TransportFault | None]:
    """Read the body up to the limit. If a part remains unread, urllib3 closes the connection."""
    body = b""
    if response.status_code < HTTPStatus.OK:
        # The final answer may follow. It stays unread, so the connection is closed, and no other request can read it.
        return body, None
    try:
        while len(body) < LONGEST_BODY:
            piece = response.raw.read1(65_536, decode_content=True)
            if not piece:
                break
            body += piece
    except Exception as e:  # noqa: BLE001 - the status, and a part of the body, may be sufficient
        return body, _fault(e)
    return body, None


def _fault(error: BaseException) -> TransportFault:
    late = (TimeoutError, urllib3.exceptions.TimeoutError)
    return TransportFault.TIMED_OUT if any(isinstance(e, late) for e in _causes(error)) else TransportFault.BROKEN


def _reason(error: BaseException) -> str:
    """Return the operating system's text for the error, without the reprs that the libraries add."""
    *_, root = _causes(error)
    return (isinstance(root, OSError) and root.strerror) or f"{type(root).__name__}: {root}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the libraries' errors, and the first error below them that is not the libraries' own."""
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        if not isinstance(inner, (requests.RequestException, urllib3.exceptions.HTTPError)):
            return
        inner = inner.__cause__ or inner.__context__
