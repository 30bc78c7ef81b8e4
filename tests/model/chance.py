"""What is left to chance in a step: which one it is, and how it goes."""

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.model.fate import Fate
from tests.model.worker import PostAnswer

#: Step -> how often among the others.
_WEIGHTS = {
    "a_worker_goes_on": 8,
    "a_worker_takes_up_a_job": 4,
    "a_worker_sends_nothing": 3,
    "a_scheduler_nudges": 1,
    "a_nudge_is_delivered": 1,
    "a_producer_sends": 3,
    "a_worker_takes_in_messages": 4,
    "a_worker_shows_itself_or_dies": 1,
    "a_housekeeper_tidies_up": 2,
    "a_person_retries": 5,
    "a_person_cancels": 1,
    "a_call_is_looked_at": 3,
    "a_person_pauses_or_resumes": 2,
    "a_worker_freezes_beyond_its_lease": 3,
    "time_passes": 2,
    "an_old_request_arrives": 1,
}
_STEPS = [step for step, weight in _WEIGHTS.items() for _ in range(weight)]


@dataclass(frozen=True, kw_only=True)
class Chance:
    step: str
    #: Which one of whatever there is.
    pick: int
    #: What becomes of the step's first round trip, or of its second.
    fate: Fate
    second: bool
    #: Whether somebody acts by what they saw some time ago.
    late: bool
    #: What the API does with a POST.
    answer: PostAnswer
    #: What else a worker, a person or a producer may choose.
    mood: int


chances = st.builds(
    Chance,
    step=st.sampled_from(_STEPS),
    pick=st.integers(0, 11),
    fate=st.sampled_from([*[Fate.GOOD] * 9, Fate.TWICE, Fate.LOST, Fate.NEVER, Fate.ECHO]),
    second=st.sampled_from([False, False, True]),
    late=st.sampled_from([False, False, True]),
    answer=st.sampled_from([*PostAnswer, PostAnswer.UNKNOWN, PostAnswer.NOT_PLACED]),
    mood=st.integers(0, 5),
)
