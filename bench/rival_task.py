"""The rival: a Celery task as a careful engineer writes it in an afternoon, with only the features of Celery.

It is acknowledged late, so that the task of a killed worker runs again. After a 429 it waits for `Retry-After`, without
a limit of retries. A connection that fails or times out is retried with exponential back-off, as in Celery's
documentation. It uses one token per process, and one persistent connection per thread. `RIVAL_RATE_LIMIT` sets
Celery's own quota, which applies to each worker. `RIVAL_VISIBILITY_S` is the time after which Celery redelivers the
tasks of a dead worker; the default is one hour.
"""

import os
import threading
from typing import Any

import requests
from celery import Celery

from bench.processes import leave_with_parent

API = os.environ.get("GENESYS_CLOUD_API_URL", "")
REDIS = os.environ.get("RIVAL_REDIS_URL", "")
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 3.0, 10.0

app = Celery("rival", broker=REDIS, backend=REDIS)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": int(os.environ.get("RIVAL_VISIBILITY_S", "3600")),
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
    },
)
leave_with_parent()

_local = threading.local()
_token_lock = threading.Lock()
_token: str | None = None


def _session() -> requests.Session:
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
    session: requests.Session = _local.session
    return session


def _current_token() -> str:
    global _token  # noqa: PLW0603 - one token per process, as in the guide
    with _token_lock:
        if _token is None:
            response = _session().post(
                f"{API}/oauth/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": os.environ["GENESYS_CLOUD_CLIENT_ID"],
                    "client_secret": os.environ["GENESYS_CLOUD_CLIENT_SECRET"],
                },
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
            )
            response.raise_for_status()
            _token = response.json()["access_token"]
        return str(_token)


def _discard_token(refused: str) -> None:
    global _token  # noqa: PLW0603
    with _token_lock:
        if _token == refused:
            _token = None


@app.task(  # type: ignore[untyped-decorator]
    bind=True,
    name="rival.dial",
    max_retries=None,
    rate_limit=os.environ.get("RIVAL_RATE_LIMIT"),
    autoretry_for=(requests.ConnectionError, requests.Timeout),
    retry_backoff=True,
    retry_kwargs={"max_retries": 5},
)
def dial(self: Any, to: str) -> str:
    """Place one call, and return the conversation id."""
    token = _current_token()
    response = _session().post(
        f"{API}/api/v2/conversations/calls",
        json={
            "to": {"phoneNumber": f"tel:{to}"},
            "from": {"phoneNumber": f"tel:{os.environ['DIALER_CALLER_ID']}"},
            "user": {"id": os.environ["GENESYS_CLOUD_USER_ID"]},
            "wrapUpCode": {"id": os.environ["GENESYS_CLOUD_WRAP_UP_CODE_ID"]},
        },
        headers={"Authorization": f"Bearer {token}"},
        timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
    )
    if response.status_code == requests.codes.unauthorized:
        _discard_token(token)
        raise self.retry(countdown=1)
    if response.status_code == requests.codes.too_many_requests:
        raise self.retry(countdown=float(response.headers.get("Retry-After", 2)))
    response.raise_for_status()
    return str(response.json()["id"])
