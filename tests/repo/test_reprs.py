"""No `repr` shows a phone number, a token or a secret: tracebacks of test runners and error trackers print them."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from celery import Celery

import config
import tasks
import worker
from config.settings import load
from config.values import Secret
from tasks.codes import Code
from tasks.errors import JobError, NotPlaced
from tasks.genesys.answers import Answer
from tasks.genesys.call import CallRequest
from tasks.genesys.client import Genesys
from tasks.genesys.headers import one_line
from tasks.genesys.oauth import Grant, read_grant
from tasks.genesys.profiles import call_post, token_post
from tasks.intake.message import read_message
from tasks.job import parse_job
from tasks.ledger.accept import Refusal
from tasks.ledger.claim import Claim
from tasks.ledger.records import Page
from tasks.screening.notation import read_notation
from tasks.screening.number import DialingRules, parse_address
from tasks.screening.rules import rules_of
from tasks.screening.screen import screen
from tests.support.messages import message
from worker.connection import connect
from worker.importing.rows import Row, RowDefaults
from worker.wiring import token_cache

NUMBER = "2125551234"
SECRET = "s3cret-Zq8x"
SETTINGS = load(
    {
        "GENESYS_CLOUD_CLIENT_ID": "client-1",
        "GENESYS_CLOUD_CLIENT_SECRET": SECRET,
        "GENESYS_CLOUD_USER_ID": "user-1",
        "GENESYS_CLOUD_WRAP_UP_CODE_ID": "code-1",
        "DIALER_CALLER_ID": f"+1{NUMBER}",
        "DIALER_REDIS_URL": f"redis://worker:{SECRET}@127.0.0.1:1/0",
    },
    dotenv=None,
)
PUBLIC = dataclasses.replace(SETTINGS, profile=load({"GENESYS_CLOUD_PROFILE": "public"}, credentials=False).profile)
REDIS = connect(SETTINGS)
CELERY = Celery("x", broker=SETTINGS.redis_url.reveal())
FIELDS = {"to": f"+1{NUMBER}", "from": NUMBER, "attributes": {NUMBER: NUMBER}}
JOB = parse_job("order-42", FIELDS)
REQUEST = CallRequest(
    job_id="order-42",
    attempt=1,
    to=f"+1{NUMBER}",
    caller_id=f"+1{NUMBER}",
    user_id="u",
    wrap_up_code_id="w",
    attributes={"k": NUMBER},
)
TOLD = f'{{"access_token": "{SECRET}", "message": "{NUMBER}", "id": "{NUMBER}"}}'.encode()


def error(payload: Any) -> JobError:
    with pytest.raises(JobError) as caught:
        parse_job("order-42", payload)
    return caught.value


def refused(token: str) -> NotPlaced:
    with pytest.raises(NotPlaced) as caught:
        call_post(SETTINGS, REQUEST, token)
    return caught.value


VALUES: dict[str, Any] = {
    "settings": SETTINGS,
    "secret": Secret(SECRET),
    "job": JOB,
    "claim": Claim(job=JOB, fence=1, last_code="", age_s=0),
    "dial string": read_notation(f"+1 {NUMBER}", region="US"),
    "vanity": read_notation("1-800-FLOWERS", region="US"),
    "address": parse_address(f"+1{NUMBER}", region="US", rules=DialingRules()),
    "rules": rules_of(SETTINGS),
    "screened": screen(JOB, rules_of(SETTINGS), datetime.now(UTC)),
    "call request": REQUEST,
    "call": call_post(SETTINGS, REQUEST, SECRET),
    "call, public": call_post(PUBLIC, REQUEST, SECRET),
    "token request": token_post(SETTINGS),
    "token request, public": token_post(PUBLIC),
    "answer": Answer(status=200, headers={"X": NUMBER, "Set-Cookie": SECRET}, body=TOLD),
    "grant": Grant(access_token=SECRET, expires_in_s=1),
    "grant read": read_grant(Answer(status=200, headers={}, body=TOLD)),
    "genesys": Genesys(SETTINGS),
    "http": vars(Genesys(SETTINGS)),
    "session": Genesys(SETTINGS)._http._session(),
    "token cache": token_cache(SETTINGS, REDIS, Genesys(SETTINGS)),
    "inside of the token cache": vars(token_cache(SETTINGS, REDIS, Genesys(SETTINGS))),
    "refusal of a field": read_message(message({f"+1{NUMBER}": 1})),
    "refusal of a number": read_message(message({"to": 12125551234})),
    "refusal": Refusal(id="order-42", fingerprint="f", code=Code.MALFORMED_JOB, message="m"),
    "error of a job": error(FIELDS | {NUMBER: NUMBER}),
    "error of a call": refused(f"{SECRET}\n"),
    "words of the API": one_line(f"to +1{NUMBER} failed"),
    "page": Page(records=[{"to": NUMBER}], after=None),
    "row": Row(number=2, fields=dict(FIELDS)),
    "bad row": list(RowDefaults().jobs(iter([Row(number=2, fields={NUMBER: NUMBER})]))),
    "redis": REDIS,
    "redis pool": REDIS.connection_pool,
    "celery": CELERY,
    "celery's connection": CELERY.connection_for_write(),
}


@pytest.mark.parametrize("name", VALUES)
def test_no_repr_shows_a_number_or_a_secret(name: str) -> None:
    for shown in (repr(VALUES[name]), str(VALUES[name]), f"{[VALUES[name]]}"):
        for hidden in (NUMBER, SECRET, "FLOWERS", "3569377"):
            assert hidden not in shown


#: Texts that a repr may show, looked at one by one: none holds a number, a token, a secret or what a person wrote.
SHOWN = {
    *(
        "id",
        "job_id",
        "batch",
        "region",
        "user_id",
        "user_ids",
        "users",
        "user",
        "wrap_up_code_id",
        "id_column",
        "after",
    ),  # names, not people
    *("code", "last_code", "fingerprint", "verdict", "why", "detail", "check", "probing", "workers", "reported"),
    *(
        "api_url",
        "login_url",
        "client_id",
        "default_region",
        "redial",  # times and a number of calls
        "distances",
        "earlier",  # results
        *("at", "state", "reason", "worker"),  # of a change
        "sentinel_master",
        "log_format",
        "allowed_regions",
        "extra_ranges",  # the beginnings of numbers that an operator trusts
        "extra",
    ),
    *("conversation_id", "correlation_id", "method", "url"),
    *("disconnect_type", "error_code"),  # Genesys' own words about a call
    "headers",  # of what we send; the token is not in it
    *(
        "permission",
        "witness",
        "other",
        "earlier",
        "cursor",
        "evidence",
    ),  # of a search: conversations, and a place in a list
    *("message", "poison", "hint"),  # masked where it is made; sentences of ours
    *("scheme", "hosts", "path", "username", "options"),  # of the address of Redis; its password is a `Secret`
    *("name", "default", "meaning"),  # of a variable, as in the README
    *("verb", "done", "reasons", "act"),  # of a command that changes jobs
}


def dataclasses_of(package: Any) -> Iterator[Any]:
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if dataclasses.is_dataclass(found) and found.__module__ == module.name:
                yield found


@pytest.mark.parametrize("package", [config, tasks, worker], ids=lambda package: package.__name__)
def test_every_text_that_a_repr_shows_was_looked_at(package: Any) -> None:
    """A new field either is hidden with `field(repr=False)` or is added to the list above by somebody who thought."""
    found = list(dataclasses_of(package))
    assert found
    texts = {
        f"{each.__name__}.{field.name}"
        for each in found
        for field in dataclasses.fields(each)
        if field.repr and any(kind in str(field.type) for kind in ("str", "bytes", "dict", "list", "Mapping", "Any"))
    }
    assert {name for name in texts if name.partition(".")[2] not in SHOWN} <= {
        *("CodeCount.rows", "FleetStatus.pauses", "FleetStatus.probed", "FleetStatus.rejected_before_pause"),
        *("Tally.states", "Tally.codes", "Tally.results", "Tally.minutes"),
    }
