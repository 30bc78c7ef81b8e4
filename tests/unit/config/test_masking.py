import itertools
import re
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.known_secrets import _LEARNED_SECRETS, _literals, add_secret, configure_secrets
from config.masking import mask, mask_job_id


@pytest.fixture(autouse=True)
def _forget_secrets() -> Iterator[None]:
    yield
    _literals._learned.clear()
    configure_secrets(())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+12125551234", "+*********34"),
        ("tel:+12125551234", "tel:+*********34"),
        ("TEL:12125551234", "TEL:*********34"),
        ("tel:5551234", "tel:*****34"),
        ("to +1 (212) 555-1234.", "to +* (***) ***-**34."),
        ("(212) 555-1234", "(***) ***-**34"),
        ("212.555.1234", "***.***.**34"),
        ("030/1234567", "***/*****67"),
        ("01 23 45 67 89", "** ** ** ** 89"),
        ("+49\u2011(0)30\u00a01234\u20115678", "+**\u2011(*)**\u00a0****\u2011**78"),
        ("+１２１２５５５１２３４", "+*********３４"),
        ("٢١٢٥٥٥١٢٣٤", "********٣٤"),
        (repr("+1\xa0212\u200b5551234"), r"'+*\xa0***\u200b*****34'"),
        (r'{"to": "\uff0b\uff11\uff12\uff11\uff12\uff15\uff15\uff11"}', r'{"to": "\uff0b*****\uff15\uff11"}'),
        ("%2B12125551234", "%2B*********34"),
        ("[12125551234]", "[*********34]"),
        ("0012125551234ext89", "***********34ext89"),
        ("12125551234s", "*********34s"),
        ("1.2125551234", "*.********34"),
    ],
)
def test_a_phone_number_is_cut_to_its_last_two_digits(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T10:00:00.123Z",
        "2026-11-23T10:00:00+01:00",
        "2026-11-23 10:00:00,123",
        "due 2026-11-23, or later",
        "attempt 2 2026-11-23T10:00:00Z",
        "123e4567-e89b-12d3-a456-426614174000",
        "12345678-1234-1234-1234-123456789012",
        "for 42 12345678-1234-1234-1234-123456789012",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "took 0.0012345671206331253s",
        "took 1.23456789s",
        "waited 86400.123s, then 1500.12345ms, load 0.123456789",
        "attempt 3 of 5, status 429, 1234567 waiting",
        "300/60s",
        "192.168.100.200:6379",
        "MOVED 15495 127.0.0.1:7402",
        "ASK 3999 192.168.100.200:6379",
        "celery@ip-172-31-100-200",
        "redis 8.0.1, celery 5.7.0",
        'File "ledger.py", line 123, in claim',
    ],
)
def test_what_is_no_phone_number_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abc.DEF-1_2~+/=", "Authorization: ***"),
        ("{'Authorization': 'Basic Zm9vOmJhcg=='}", "{'Authorization': '***'}"),
        ("sent bearer abc", "sent bearer ***"),
        ("Basic Zm9vOmJhcg==", "Basic ***"),
        ('{"access_token": "a b", "expires_in": 3600}', '{"access_token": "***", "expires_in": 3600}'),
        (r"'{\"access_token\": \"ab\"}'", r"'{\"access_token\": \"***\"}'"),
        ("b'grant_type=x&client_secret=ab&x=1'", "b'grant_type=x&client_secret=***&x=1'"),
        ("('client_secret', 'ab')", "('client_secret', '***')"),
        ("GENESYS_CLOUD_CLIENT_SECRET=ab", "GENESYS_CLOUD_CLIENT_SECRET=***"),
        ("redis://:pw@host:6379/0", "redis://:***@host:6379/0"),
        ("rediss://user:p/w@host", "rediss://user:***@host"),
        ("https://host:443/path", "https://host:443/path"),
        ("GENESYS_CLOUD_CLIENT_SECRET is missing", "GENESYS_CLOUD_CLIENT_SECRET is missing"),
    ],
)
def test_credentials_are_hidden(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_literal_secrets_are_hidden_in_every_form() -> None:
    configure_secrets(["s3cret/'x", "s3cret/'x-longer", ""])
    add_secret("token-1")
    assert mask("s3cret/'x s3cret/'x-longer token-1") == "*** *** ***"
    assert mask("s3cret%2F%27x") == "***"


def test_a_literal_too_short_to_be_a_secret_does_not_blank_the_log() -> None:
    configure_secrets(["a"])
    assert mask("an apple") == "an apple"


def test_learned_secrets_are_bounded_and_the_configured_ones_stay() -> None:
    configure_secrets(["configured"])

    def learn(thread: int) -> None:
        for count in range(100):
            add_secret(f"token-{thread}-{count}-end")

    threads = [threading.Thread(target=learn, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    add_secret("newest")
    assert mask("configured newest") == "*** ***"
    assert len(_literals._learned) == _LEARNED_SECRETS


@pytest.mark.parametrize(
    ("job_id", "shown"),
    [
        ("order-20261123000042", "order-20261123000042"),
        ("2026-11-23", "2026-11-23"),
        ("12345678-1234-1234-1234-123456789012", "12345678-1234-1234-1234-123456789012"),
        ("42", "42"),
        ("+12125551234", "+*********34"),
        ("12125551234", "*********34"),
        ("(212) 555-1234", "(***) ***-**34"),
        ("tel:+12125551234", "tel:+*********34"),
    ],
)
def test_a_job_id_is_masked_only_if_it_is_a_number(job_id: str, shown: str) -> None:
    assert mask_job_id(job_id) == shown


FULL_WIDTH = str.maketrans("0123456789+", "０１２３４５６７８９＋")
DATE = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A number of 8 to 15 digits as people and programs write it: in groups, with a prefix, in full width."""
    digits = draw(st.text("0123456789", min_size=8, max_size=15))
    gap = draw(st.sampled_from([" ", "-", ".", "\u2011", "\u00a0", " - ", ") ", "/"]))
    ends = set(itertools.accumulate(draw(st.lists(st.integers(2, 5), max_size=6))))
    grouped = "".join(digit + gap * (place in ends) for place, digit in enumerate(digits, start=1))
    number = draw(st.sampled_from(["", "+", "tel:+", "tel:", "+ (", "(", "00", "011 "])) + grouped
    return draw(st.sampled_from([number, number.translate(FULL_WIDTH), repr(number)]))


@given(
    numbers().filter(lambda number: not DATE.fullmatch(number.strip("-'"))),
    st.sampled_from(["{}", "call {} now", "to={}", "[{}]", "x{}y", "{},", '{{"to": "{}"}}', "{}\n"]),
)
def test_no_number_survives(number: str, frame: str) -> None:
    """But one: 1999-12-31, a number of eight digits in groups of 4-2-2, is a date."""
    shown = [token for token in mask(frame.format(number)) if token.isdigit()]
    assert len(shown) - number.count("xa0") <= 2


@given(st.text())
def test_masking_never_fails(text: str) -> None:
    mask(text)
    mask_job_id(text)


@pytest.mark.parametrize("piece", ["1 ", "1-", "://a:", 'password="', "0.1", "[", "\\x20", "bearer ", "a1", "tel:"])
def test_a_long_text_is_masked_in_linear_time(piece: str) -> None:
    """Five seconds of CPU are far more than it takes, and far less than a quadratic pattern would."""
    text = piece * (200_000 // len(piece))
    before = time.process_time()
    mask(text)
    assert time.process_time() - before < 5
