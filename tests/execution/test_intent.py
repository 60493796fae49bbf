"""One occasion makes one intent, whoever asks, and its reserve is the worst that it can cost."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.words import PRICES, PROPOSALS, QUANTITIES, proposal
from quorum.domain import Proposal
from quorum.execution import make_intent, next_attempt


@settings(max_examples=50)
@given(PROPOSALS, QUANTITIES, PRICES)
def test_an_intent_is_its_proposal_cut_to_what_was_approved(wish: Proposal, size: Decimal, collar: Decimal) -> None:
    made = make_intent(wish, size, collar, "DEC-1", 7, 99)
    for name in ("account", "symbol", "side", "price", "purpose", "exit"):
        assert getattr(made, name) == getattr(wish, name)
    assert (made.quantity, made.collar, made.decision_id) == (size, collar, "DEC-1")
    assert (made.account_version, made.created_at, made.expires_at) == (7, 99, wish.expires)
    assert made.reserve == size * max(collar, wish.price)


@settings(max_examples=50)
@given(PROPOSALS, PROPOSALS)
def test_its_ids_follow_from_account_and_occasion_alone(one: Proposal, other: Proposal) -> None:
    def ids(wish: Proposal) -> tuple[str, str]:
        made = make_intent(wish, Decimal(1), Decimal(1), "DEC-1", 7, 99)
        return made.intent_id, made.client_order_id

    assert ids(one) == ids(replace(other, account=one.account, key=one.key))
    same = (one.account, one.key) == (other.account, other.key)
    for here, there in zip(ids(one), ids(other), strict=True):
        assert (here == there) == same
    assert re.fullmatch(r"INT-[0-9a-f]{20}", ids(one)[0])
    assert re.fullmatch(r"Q[A-Z2-7]{25}", ids(one)[1])


@settings(max_examples=50)
@given(st.lists(st.integers(2, 1000), unique=True, max_size=6))
def test_each_attempt_is_the_same_wish_under_ids_of_its_own(attempts: list[int]) -> None:
    first = make_intent(proposal(), Decimal(3), Decimal(101), "DEC-1", 7, 99)
    made = [next_attempt(first, attempt) for attempt in attempts]
    assert made == [next_attempt(first, attempt) for attempt in attempts]
    for name in ("intent_id", "client_order_id"):
        assert len({getattr(one, name) for one in (first, *made)}) == len(attempts) + 1
    ids = (first.intent_id, first.client_order_id)
    assert all(replace(one, intent_id=ids[0], client_order_id=ids[1]) == first for one in made)


def test_golden_ids() -> None:
    made = make_intent(proposal(account="paper", key="an occasion"), Decimal(3), Decimal(101), "DEC-1", 7, 99)
    assert (made.intent_id, made.client_order_id) == ("INT-e798fa7fbbea9d5cd789", "QCBX4DCZX73QP5BQP7PGBJIJUS")
