"""Send one POST and read its answer: a kept-alive session for each thread, capped bodies, no redirects."""

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
from tasks.genesys.profiles import Post

#: Answers are a few hundred bytes; what is longer is not read, and its connection not used again.
LONGEST_BODY: Final = 1_000_000

try:
    _VERSION = version("dialer")
except PackageNotFoundError:  # run from a checkout
    _VERSION = "0"


class NoAnswer(Exception):
    """The request ended without a status line and headers; `fault` tells on which side of the first byte."""

    def __init__(self, fault: TransportFault, reason: str) -> None:
        self.fault = fault
        self.reason = reason
        super().__init__(reason)


class Http:
    """Thread-safe; each thread has a session of its own."""

    def __init__(self, *, connect_timeout_s: float, read_timeout_s: float) -> None:
        self._timeout_s = (connect_timeout_s, read_timeout_s)
        self._local = threading.local()

    def post(self, post: Post, *, deadline_s: float) -> Answer:
        """Send once; raises NoAnswer. Ends within `deadline_s`, unless a name server takes longer."""
        current = CurrentRequest(ends_at=time.monotonic() + deadline_s)
        previous = current_request.set(current)
        try:
            with self._session().post(
                post.url,
                json=post.json,
                data=post.form,
                headers=dict(post.headers),
                auth=_Authorization(post.authorization),
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                body, fault = _read(response)
                return Answer(status=response.status_code, headers=response.headers, body=body, fault=fault)
        except Exception as e:  # whatever it is: once a byte is written, only an answer can clear the call
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
        # No compression is asked for, as a capped answer needs none.
        self.headers.clear()
        self.headers.update({"User-Agent": f"dialer/{_VERSION}", "Accept-Encoding": "identity"})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", WatchedAdapter())
        self.mount("http://", WatchedAdapter())

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, or requests would read a redirect's body in full to prepare a request that is never sent."""


class _Authorization(AuthBase):
    """Given even when it sets nothing: without it requests puts in what ~/.netrc has for the host."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value is not None:
            request.headers["Authorization"] = self._value
        return request


def _read(response: requests.Response) -> tuple[bytes, TransportFault | None]:
    """Read what there is of the body. After an unread rest urllib3 closes the connection, not keeps it."""
    body = b""
    if response.status_code < HTTPStatus.OK:
        # The real answer may follow. Unread, the connection is closed: the next request must not find it.
        return body, None
    try:
        while len(body) < LONGEST_BODY:
            piece = response.raw.read1(65_536, decode_content=True)
            if not piece:
                break
            body += piece
    except Exception as e:  # noqa: BLE001 - half a body can still tell, and the status does in any case
        return body, _fault(e)
    return body, None


def _fault(error: BaseException) -> TransportFault:
    late = (TimeoutError, urllib3.exceptions.TimeoutError)
    return TransportFault.TIMED_OUT if any(isinstance(e, late) for e in _causes(error)) else TransportFault.BROKEN


def _reason(error: BaseException) -> str:
    """Return the system's words for it; the libraries wrap them in reprs of connections and pools."""
    *_, root = _causes(error)
    return (isinstance(root, OSError) and root.strerror) or f"{type(root).__name__}: {root}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the libraries' errors down to what they wrap, no further: below is what our caller handles."""
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        if not isinstance(inner, (requests.RequestException, urllib3.exceptions.HTTPError)):
            return
        inner = inner.__cause__ or inner.__context__
