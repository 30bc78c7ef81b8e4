"""The requests of each profile: `guide` follows the guide exactly, `public` follows the published API.

Sources: the guide's script, and the CreateCallRequest of the published SDK. docs/adr explains how they differ.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from config.settings import Profile, Settings
from tasks.codes import Code
from tasks.errors import NotPlaced, Refused
from tasks.genesys.call import ATTEMPT, JOB_ID, CallRequest

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """A complete request except for the transport's own headers; repr shows no secret and no phone number."""

    method: str = "POST"
    url: str
    headers: Mapping[str, str]
    #: The value of the header Authorization; None if there is no such header.
    authorization: str | None = field(default=None, repr=False)
    json: Mapping[str, object] | Sequence[object] | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)


def call_post(settings: Settings, request: CallRequest, token: str) -> ApiRequest:
    """Build the request; raises NotPlaced if the token, and Refused if the user id, cannot be part of a request."""
    authorization = _bearer(token)
    url, body = _CALLS[settings.profile](request)
    return ApiRequest(url=settings.api_url.rstrip("/") + url, headers=_JSON, authorization=authorization, json=body)


def token_post(settings: Settings) -> ApiRequest:
    """Build the token request (RFC 6749, 4.4): `guide` sends the credentials in the form, `public` by Basic."""
    url = settings.login_url.rstrip("/") + "/oauth/token"
    secret = settings.client_secret.reveal()
    form = {"grant_type": "client_credentials"}
    if settings.profile is Profile.GUIDE:
        form |= {"client_id": settings.client_id, "client_secret": secret}
        return ApiRequest(url=url, headers=_FORM, form=form)
    basic = base64.b64encode(f"{settings.client_id}:{secret}".encode()).decode("ascii")
    return ApiRequest(url=url, headers=_FORM, authorization=f"Basic {basic}", form=form)


def read_get(settings: Settings, path: str, token: str) -> ApiRequest:
    """Build a request that reads something of the API and changes nothing; `path` begins with `/api/v2/`.

    Raises NotPlaced if the token cannot be part of a request.
    """
    authorization = _bearer(token)
    url = settings.api_url.rstrip("/") + path
    return ApiRequest(method="GET", url=url, headers={"Accept": "application/json"}, authorization=authorization)


def read_events(
    settings: Settings, method: str, path: str, token: str, content: Sequence[object] | None = None
) -> ApiRequest:
    """Build a request for events of calls, which places no call, and may be sent again.

    Raises NotPlaced if the token cannot be part of a request.
    """
    authorization = _bearer(token)
    url = settings.api_url.rstrip("/") + path
    return ApiRequest(method=method, url=url, headers=_JSON, authorization=authorization, json=content)


def read_query(settings: Settings, path: str, body: Mapping[str, object], token: str) -> ApiRequest:
    """Build a POST that reads too: a search whose criteria are its body. Raises NotPlaced as `read_get` does."""
    authorization = _bearer(token)
    url = settings.api_url.rstrip("/") + path
    return ApiRequest(url=url, headers=_JSON, authorization=authorization, json=body)


def is_header_safe(token: str) -> bool:
    """Return whether the token can be sent in a header (RFC 6750, 2.1 is stricter)."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _bearer(token: str) -> str:
    if not is_header_safe(token):
        # The HTTP library would also raise an error, but with the token in the message.
        raise NotPlaced(Code.TOKEN_REFUSED)
    return f"Bearer {token}"


def _guide_call(request: CallRequest) -> tuple[str, dict[str, object]]:
    return "/api/v2/conversations/calls", {
        "to": {"phoneNumber": f"tel:{request.to}"},
        "from": {"phoneNumber": f"tel:{request.caller_id}"},
        "user": {"id": request.user_id},
        "wrapUpCode": {"id": request.wrap_up_code_id},
    }


def _public_call(request: CallRequest) -> tuple[str, dict[str, object]]:
    if request.user_id in {"", ".", ".."}:
        # As path segments, these would name another resource; percent-encoding does not change that for dots.
        raise Refused(Code.NOT_FOUND)
    caller = {"callerId": request.caller_id} if request.caller_id else {}
    # By these attributes, a call whose answer was lost is recognized; a producer's own cannot replace them.
    attributes = {**request.attributes, JOB_ID: request.job_id, ATTEMPT: str(request.attempt)}
    url = f"/api/v2/conversations/calls/user/{quote(request.user_id, safe='')}"
    return url, {"phoneNumber": request.to, **caller, "attributes": attributes}


_CALLS = {Profile.GUIDE: _guide_call, Profile.PUBLIC: _public_call}
