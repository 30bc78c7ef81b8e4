"""The states and codes of jobs, and a text that explains each code.

The texts are in one place, so that the command line, the records and the docs show the same text for a code.
Sources: the guide's "Common errors", Genesys Cloud's published error codes.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from config.values import Profile


class State(StrEnum):
    """The state of a job. The first four are states of jobs without an outcome; the others are outcomes."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    PREPARING = "preparing"
    SENDING = "sending"
    PLACED = "placed"
    REJECTED = "rejected"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OUTCOMES = frozenset({State.PLACED, State.REJECTED, State.FAILED, State.UNCONFIRMED, State.CANCELLED, State.EXPIRED})
OPEN_STATES = frozenset(State) - OUTCOMES


class Code(StrEnum):
    """The reason for an outcome, or for the wait of a job. This is a closed set: producers branch on it."""

    PLACED = "placed"
    # The message or the job is invalid.
    MALFORMED_MESSAGE = "malformed_message"
    UNSUPPORTED_CONTENT_TYPE = "unsupported_content_type"
    UNKNOWN_TASK = "unknown_task"
    MESSAGE_TOO_LARGE = "message_too_large"
    UNSUPPORTED_OPTION = "unsupported_option"
    MALFORMED_JOB = "malformed_job"
    MISSING_FIELD = "missing_field"
    UNKNOWN_FIELD = "unknown_field"
    INVALID_FIELD = "invalid_field"
    # The number, or the caller ID, cannot or may not be dialed.
    NOT_A_NUMBER = "not_a_number"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NOT_DIALABLE = "not_dialable"
    AMBIGUOUS_NUMBER = "ambiguous_number"
    EXTENSION_UNSUPPORTED = "extension_unsupported"
    EMERGENCY_NUMBER = "emergency_number"
    SHORT_CODE = "short_code"
    PREMIUM_RATE = "premium_rate"
    REGION_NOT_ALLOWED = "region_not_allowed"
    # Genesys Cloud refused the call.
    MALFORMED_PARTICIPANT_ADDRESS = "malformed_participant_address"
    INVALID_FROM_ADDRESS = "invalid_from_address"
    INSUFFICIENT_PERMISSIONS = "insufficient_permissions"
    NO_STATION = "no_station"
    NOT_A_USER = "not_a_user"
    NOT_FOUND = "not_found"
    BAD_REQUEST = "bad_request"
    # The call was certainly not placed, and may be sent again.
    CREDENTIALS_REFUSED = "credentials_refused"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a reason, not a secret
    TOKEN_UNAVAILABLE = "token_unavailable"  # noqa: S105
    RATE_LIMITED = "rate_limited"
    SERVICE_UNAVAILABLE = "service_unavailable"
    COULD_NOT_CONNECT = "could_not_connect"
    USER_BUSY = "user_busy"
    # The call before was placed and ended, and the job has another call.
    AGENT_MISSED = "agent_missed"
    REDIAL = "redial"
    # The call may have been placed.
    NO_ANSWER_FROM_API = "no_answer_from_api"
    CONNECTION_LOST = "connection_lost"
    SERVER_ERROR = "server_error"
    UNREADABLE_ANSWER = "unreadable_answer"
    UNEXPECTED_STATUS = "unexpected_status"
    WORKER_LOST = "worker_lost"
    # The job was cancelled, its time has passed, or Dialer has a defect.
    CANCELLED = "cancelled"
    NOT_AFTER_PASSED = "not_after_passed"
    INTERNAL_ERROR = "internal_error"


class Words(NamedTuple):
    """What a code means, and how to fix the problem: one sentence each. `fix_of()` returns the fix for a profile."""

    meaning: str
    fix: str


_E164_FIX = "Send the full number as +[country code][number], or set 'region' for a number in national format."
_SHAPE_FIX = "Compare the job with docs/reference/jobs.md and send it again under a new id."
_UNKNOWN_FIX = (
    "Search for the call in Genesys Cloud; only if it was certainly not placed, run 'dialer retry' "
    "with --i-know-it-was-not-placed."
)
_WAIT_FIX = "Nothing to do: the job is retried automatically."

WORDS: dict[Code, Words] = {
    Code.PLACED: Words("Genesys Cloud accepted the call.", "Nothing to do."),
    Code.MALFORMED_MESSAGE: Words(
        "The queue message is not a Celery message with a JSON body.",
        "Send it with Celery's send_task, or follow Celery's message protocol 1 or 2.",
    ),
    Code.UNSUPPORTED_CONTENT_TYPE: Words(
        "The queue message is not uncompressed UTF-8 JSON, the only format that Dialer decodes.",
        "In the producer, set task_serializer='json' and no compression.",
    ),
    Code.UNKNOWN_TASK: Words(
        "The message on the queue 'dial' is for another task.",
        "Send the task named 'dial', or send other tasks to another queue.",
    ),
    Code.MESSAGE_TOO_LARGE: Words(
        "The queue message is larger than any dial job can be.",
        "Keep 'attributes' within 10 KB, and send only the fields of a job.",
    ),
    Code.UNSUPPORTED_OPTION: Words(
        "The message names tasks that only a Celery worker would run after this one.",
        "Send the job without link, link_error, chain and chord, and start the next task when its result is there.",
    ),
    Code.MALFORMED_JOB: Words(
        "The task's arguments are not exactly one JSON object.",
        'Send args=[{...}], or the one keyword argument kwargs={"job": {...}}.',
    ),
    Code.MISSING_FIELD: Words("A required field is missing.", _SHAPE_FIX),
    Code.UNKNOWN_FIELD: Words("The job has a field that does not exist.", _SHAPE_FIX),
    Code.INVALID_FIELD: Words("A field has the wrong type or a value out of range.", _SHAPE_FIX),
    Code.NOT_A_NUMBER: Words("The text is not a phone number.", _E164_FIX),
    Code.TOO_SHORT: Words("The number has too few digits for its country.", _E164_FIX),
    Code.TOO_LONG: Words("The number has too many digits for its country.", _E164_FIX),
    Code.NOT_DIALABLE: Words("The number is not in any assigned number range.", _E164_FIX),
    Code.AMBIGUOUS_NUMBER: Words(
        "The digits can be more than one number, or only a number abroad without its '+'.",
        "Write the number with '+' and country code; if all numbers have lost their '+', set 'region' to ZZ "
        "(dialer import --numbers international).",
    ),
    Code.EXTENSION_UNSUPPORTED: Words(
        "The number has an extension, and a call without it would reach the wrong person.",
        "Send the direct number, without an extension.",
    ),
    Code.EMERGENCY_NUMBER: Words(
        "The number belongs to an emergency service.", "Remove the job; Dialer never calls such a number."
    ),
    Code.SHORT_CODE: Words(
        "The number is a short code, which works only in the network of its own country.",
        "Send the full number of the same service.",
    ),
    Code.PREMIUM_RATE: Words(
        "The number is charged at a premium rate.",
        "Remove the job, or set DIALER_ALLOW_PREMIUM=1 if such calls are intended.",
    ),
    Code.REGION_NOT_ALLOWED: Words(
        "The region of the number is not in DIALER_ALLOWED_REGIONS.",
        "Add the region to DIALER_ALLOWED_REGIONS if calls to it are intended.",
    ),
    Code.MALFORMED_PARTICIPANT_ADDRESS: Words(
        "Genesys Cloud cannot read the number or the caller ID.",
        "Both must be tel:+[country code][number], digits only; check the number and the caller ID.",
    ),
    Code.INVALID_FROM_ADDRESS: Words(
        "Genesys Cloud does not accept the caller ID.",
        "In Genesys Cloud, Admin > Routing > Numbers, verify the number until it is listed as active.",
    ),
    Code.INSUFFICIENT_PERMISSIONS: Words(
        "The OAuth client or the user has no permission to place calls.",
        "Give the client the scope conversations:call:start, and the user a role that permits outbound calls.",
    ),
    Code.NO_STATION: Words(
        "The user, or the user's edge, has no phone station that can place the call.",
        "In Genesys Cloud, assign the user a default station on an active edge.",
    ),
    Code.NOT_A_USER: Words(
        "This endpoint needs the token of a user, and the token of the OAuth client has no user.",
        "Set GENESYS_CLOUD_PROFILE=public, which places calls on behalf of the user.",
    ),
    Code.NOT_FOUND: Words(
        "The user or the resource does not exist in Genesys Cloud.",
        "Check user_id (GENESYS_CLOUD_USER_ID) and GENESYS_CLOUD_REGION.",
    ),
    Code.BAD_REQUEST: Words(
        "Genesys Cloud refused the request.",
        "Read the message, and check the wrap-up code; if neither helps, give the correlation_id to Genesys support.",
    ),
    Code.CREDENTIALS_REFUSED: Words(
        "Genesys Cloud refused the client id or secret.",
        "Check GENESYS_CLOUD_CLIENT_ID, GENESYS_CLOUD_CLIENT_SECRET, GENESYS_CLOUD_REGION and GENESYS_CLOUD_PROFILE.",
    ),
    Code.TOKEN_REFUSED: Words(
        "Genesys Cloud rejected a new token.",
        "Check that the OAuth client is active and belongs to GENESYS_CLOUD_REGION.",
    ),
    Code.TOKEN_UNAVAILABLE: Words("The token endpoint returns no token at present.", _WAIT_FIX),
    Code.RATE_LIMITED: Words("Genesys Cloud's rate limit was reached.", _WAIT_FIX),
    Code.SERVICE_UNAVAILABLE: Words(
        "Genesys Cloud is temporarily unavailable, and did not accept the request.", _WAIT_FIX
    ),
    Code.COULD_NOT_CONNECT: Words(
        "No connection to Genesys Cloud could be made, so nothing was sent.",
        "Check the network, DNS, proxy and TLS settings of the workers.",
    ),
    Code.USER_BUSY: Words(
        "Each user who may place the call has as many calls as DIALER_CALLS_PER_USER allows, or is set aside.",
        "Nothing to do: the job is sent as soon as a user is free; 'dialer status' shows the users.",
    ),
    Code.AGENT_MISSED: Words(
        "The user's own phone was not picked up, so the callee's phone never rang; the job goes to another user.",
        "Nothing to do; if it happens often, check that the users' phones answer by themselves.",
    ),
    Code.REDIAL: Words(
        "The last call ended unanswered, and the job asks for another one.",
        "Nothing to do: the callee is called again when the job is due.",
    ),
    Code.NO_ANSWER_FROM_API: Words(
        "The request was sent, and no answer arrived in time: the phone may have rung.", _UNKNOWN_FIX
    ),
    Code.CONNECTION_LOST: Words(
        "The connection broke after the request was sent: the phone may have rung.", _UNKNOWN_FIX
    ),
    Code.SERVER_ERROR: Words(
        "Genesys Cloud failed after it received the request: the phone may have rung.", _UNKNOWN_FIX
    ),
    Code.UNREADABLE_ANSWER: Words(
        "Genesys Cloud answered with success but without a conversation id: the phone may have rung.",
        _UNKNOWN_FIX,
    ),
    Code.UNEXPECTED_STATUS: Words(
        "The answer neither confirms nor refuses the call: the phone may have rung.", _UNKNOWN_FIX
    ),
    Code.WORKER_LOST: Words(
        "The worker died while the request may have been in progress: the phone may have rung.", _UNKNOWN_FIX
    ),
    Code.CANCELLED: Words("The job was cancelled before any call.", "Nothing to do."),
    Code.NOT_AFTER_PASSED: Words(
        "The job's not_after passed before it could be sent.",
        "Send it again with a later not_after; 'dialer status' shows why jobs wait.",
    ),
    Code.INTERNAL_ERROR: Words(
        "A defect in Dialer affects this job.",
        "Report the traceback in the worker's log; after the defect is fixed, run 'dialer retry'.",
    ),
}

#: The fixes that differ in the profile `public`. Only codes of Genesys Cloud's answers differ. The published platform
#: documents permissions; which caller IDs it accepts, and how it words a bad number, is not documented.
PUBLIC_FIXES: Final[dict[Code, str]] = {
    Code.MALFORMED_PARTICIPANT_ADDRESS: (
        "Both are sent as +[country code][number], digits only; check the number and the caller ID."
    ),
    Code.INVALID_FROM_ADDRESS: (
        "Check the caller ID ('from', DIALER_CALLER_ID): the organization and its telephony provider decide which "
        "numbers may be shown."
    ),
    Code.INSUFFICIENT_PERMISSIONS: (
        "Give the OAuth client a role with conversation:call:add or conversation:agentlessCall:add, the permissions "
        "documented for this endpoint."
    ),
    Code.NOT_A_USER: (
        "Check that GENESYS_CLOUD_API_URL, if it is set, is Genesys Cloud's; if it is, ask Genesys support, with the "
        "correlation_id, how this OAuth client may place calls on behalf of a user."
    ),
    Code.BAD_REQUEST: "Read the message; if it does not help, give the correlation_id to Genesys support.",
}


def fix_of(code: Code, profile: Profile = Profile.GUIDE) -> str:
    """Return how to fix the problem, in the words of the profile. It matters only for Genesys Cloud's answers."""
    return PUBLIC_FIXES.get(code, WORDS[code].fix) if profile is Profile.PUBLIC else WORDS[code].fix
