"""What becomes of a placed call: how far it is, and how it ended, with a text that explains each result."""

from enum import StrEnum

from tasks.codes import Words


class CallState(StrEnum):
    """How far a placed call is, in this order."""

    #: The user's own phone is being called.
    CONTACTING = "contacting"
    RINGING = "ringing"
    CONNECTED = "connected"
    ENDED = "ended"


class CallResult(StrEnum):
    """How a placed call ended. This is a closed set: producers branch on it."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    INVALID_NUMBER = "invalid_number"
    UNREACHABLE = "unreachable"
    AGENT_MISSED = "agent_missed"
    UNANSWERED = "unanswered"
    FAILED = "failed"
    NOT_KNOWN = "not_known"


#: Results that a later, better source may replace.
VAGUE = frozenset({CallResult.UNANSWERED, CallResult.NOT_KNOWN})

RESULT_WORDS: dict[CallResult, Words] = {
    CallResult.ANSWERED: Words("The callee's phone was answered, by a person or a machine.", "Nothing to do."),
    CallResult.BUSY: Words("The callee's line was busy.", "Call again later, under a new id."),
    CallResult.NO_ANSWER: Words("The callee's phone rang, and nobody answered.", "Call again later, under a new id."),
    CallResult.DECLINED: Words("The callee declined the call.", "Do not call again without a reason."),
    CallResult.INVALID_NUMBER: Words(
        "The network says that nobody has this number.", "Correct the number in the system that it comes from."
    ),
    CallResult.UNREACHABLE: Words(
        "The network could not reach the callee's phone.",
        "Call again later, under a new id; if it happens to many numbers, look at the trunk in Genesys Cloud.",
    ),
    CallResult.AGENT_MISSED: Words(
        "The user's own phone was not picked up, so the callee's phone never rang.",
        "Check that the user's phone answers by itself or that somebody picks it up; call again under a new id.",
    ),
    CallResult.UNANSWERED: Words(
        "The call was not answered, and Genesys Cloud does not tell why.", "Call again later, under a new id."
    ),
    CallResult.FAILED: Words(
        "Genesys Cloud could not make the call.",
        "Read result_detail; if it happens to many numbers, look at the trunk and the lines in Genesys Cloud.",
    ),
    CallResult.NOT_KNOWN: Words(
        "What became of the call could not be found out.", "Search for the conversation_id in Genesys Cloud."
    ),
}
