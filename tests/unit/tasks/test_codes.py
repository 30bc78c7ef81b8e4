"""What each code tells, in the words of the profile in use."""

import re

import pytest

from config.settings import Profile
from tasks.codes import PUBLIC_FIXES, WORDS, Code, fix_of
from tasks.genesys.answers import TABLE

#: Words that mean something in one profile only: scopes, fields and forms of its requests, settings it alone reads.
WORDS_OF_ONE_PROFILE = {
    Profile.GUIDE: r"conversations:call:start|scope|tel:|wrap.?up|Admin > Routing|PROFILE=public",
    Profile.PUBLIC: r"conversation:(call|agentlessCall):add|callerId|E\.164|on behalf of|PROFILE=guide",
}
OTHER = {Profile.GUIDE: Profile.PUBLIC, Profile.PUBLIC: Profile.GUIDE}


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("code", Code)
def test_no_code_speaks_the_words_of_the_other_profile(code: Code, profile: Profile) -> None:
    told = f"{WORDS[code].meaning} {fix_of(code, profile)}"
    if profile is Profile.GUIDE:
        # In the guide's profile, a fix may name the other one as the way out.
        told = re.sub(r"Set GENESYS_CLOUD_PROFILE=public, .*", "", told)
    assert not re.search(WORDS_OF_ONE_PROFILE[OTHER[profile]], told)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("code", Code)
def test_every_fix_is_one_sentence(code: Code, profile: Profile) -> None:
    told = fix_of(code, profile)
    assert told.endswith(".")
    assert "\n" not in told
    assert ". " not in told


def test_only_the_answers_of_genesys_cloud_differ_by_profile() -> None:
    assert set(PUBLIC_FIXES) <= {row.code for row in TABLE}
    assert [code for code, public in PUBLIC_FIXES.items() if public == WORDS[code].fix] == []
