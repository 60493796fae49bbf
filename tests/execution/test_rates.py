"""Rates: one on record, its inverse, a way over a third currency; what is stale or missing is said by name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.words import NOW
from quorum.domain import HOUR, UsageError
from quorum.execution import Rate, found_rate

SEEN = (NOW, 24.0)


def rate(base: str, quote: str, number: str, hours: int = 0) -> Rate:
    return Rate(base, quote, Decimal(number), NOW - hours * HOUR, f"{base}'s bank")


def test_a_rate_on_record_comes_before_its_inverse_and_both_before_a_way_round() -> None:
    known = [rate("USDT", "USD", "0.5"), rate("USD", "USDT", "4"), rate("USDT", "EUR", "2"), rate("EUR", "USD", "3")]
    assert found_rate(known, ("USDT", "USD"), SEEN) == known[0]
    back = found_rate(known[1:2], ("USDT", "USD"), SEEN)
    assert isinstance(back, Rate)
    assert back.rate == Decimal("0.25")
    round_about = found_rate(known[2:], ("USDT", "USD"), SEEN)
    assert isinstance(round_about, Rate)
    assert (round_about.rate, round_about.source) == (Decimal(6), "USDT's bank, EUR's bank")


def test_a_way_round_is_as_old_as_its_older_half() -> None:
    known = [rate("BNB", "EUR", "500"), rate("EUR", "USDT", "1.1", hours=30)]
    assert "older than 24 hours" in str(found_rate(known, ("BNB", "USDT"), SEEN))
    assert isinstance(found_rate(known, ("BNB", "USDT"), (NOW, 31.0)), Rate)


def test_what_is_missing_is_named_with_its_remedy() -> None:
    found = found_rate([rate("EUR", "USD", "1.1")], ("BNB", "USDT"), SEEN)
    assert found == "there is no rate of BNB in USDT: `quorum account rate BNB USDT` records one"


@pytest.mark.parametrize("number", ["0", "-1", "NaN", "Infinity"])
def test_a_rate_is_a_number_above_0(number: str) -> None:
    with pytest.raises(UsageError, match="makes no sense"):
        rate("USDT", "USD", number)


def test_a_currency_needs_no_rate_in_itself() -> None:
    with pytest.raises(UsageError, match="makes no sense"):
        rate("USD", "USD", "1")
    with pytest.raises(UsageError, match="needs no rate"):
        found_rate([], ("USD", "USD"), SEEN)
