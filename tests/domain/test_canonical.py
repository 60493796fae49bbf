"""One value has one text, whatever it was built from; what has none is refused."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.words import BOOKS, EXITS, FILLS, INTENTS, PROPOSALS
from quorum.domain import Book, ExitPlan, Fill, OrderIntent, Proposal, Severity, Side, canonical, content_hash, plain

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))


class Colour(Enum):
    RED = ("r", 1)


@dataclass(frozen=True)
class Pair:
    second: Any
    first: Any


def refuse_constant(name: str) -> None:
    raise AssertionError(name)


@settings(max_examples=60)
@given(VALUES)
def test_the_text_is_json_sorted_compact_and_its_own_fixed_point(value: Any) -> None:
    text = canonical(value)
    read = json.loads(text, parse_constant=refuse_constant)
    assert canonical(read) == text
    assert text.decode() == json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@given(st.dictionaries(TEXTS, SCALARS, max_size=6), st.randoms())
def test_the_order_of_building_leaves_no_trace(value: dict[str, Any], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(value)
    assert content_hash(dict(items)) == content_hash(value) == hashlib.sha256(canonical(value)).hexdigest()


@given(st.sets(TEXTS, max_size=6))
def test_a_set_is_its_sorted_list(value: set[str]) -> None:
    assert plain(value) == plain(frozenset(value)) == sorted(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, "null"),
        ([math.inf, -math.inf, 1.5, -0.0], "[null,null,1.5,-0.0]"),
        ([Decimal("NaN"), Decimal("-Infinity")], "[null,null]"),
        ([Decimal("1.50"), Decimal("1E+3"), Decimal("1E-9")], '["1.50","1000","0.000000001"]'),
        ([True, 1, 1.0, "1"], '[true,1,1.0,"1"]'),
        ({"b": 1, "a": {2: None, 10: ()}}, '{"a":{"10":[],"2":null},"b":1}'),
        (Pair((1, 2), Side.BUY), '{"first":"buy","second":[1,2]}'),
        ([Colour.RED, Severity.RED, {Side.SELL: 0}], '[["r",1],2,{"sell":0}]'),
        ("ü\n☃", '"ü\\n☃"'),
    ],
)
def test_golden_texts(value: Any, text: str) -> None:
    assert canonical(value).decode() == text


def test_the_golden_hash() -> None:
    assert content_hash({"a": [1, Decimal("2.50")]}) == hashlib.sha256(b'{"a":[1,"2.50"]}').hexdigest()


class Steps(IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    "value",
    [b"bytes", object(), datetime(2024, 1, 1, tzinfo=UTC), Path("x"), 1j, Pair, {"deep": [{1: {b""}}]}, range(3)],
)
def test_what_has_no_text_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be written as canonical JSON"):
        canonical(value)


@pytest.mark.parametrize("value", [{1: "a", "1": "b"}, {Steps.ONE: 1, "1": 2}, {None: 1, "None": 2}])
def test_two_keys_that_would_become_one_are_refused(value: Mapping[Any, Any]) -> None:
    with pytest.raises(TypeError, match="have the same text"):
        canonical(value)


def there_and_back(kind: Any, word: Any) -> None:
    """The word reads back from its own text, to the last digit."""
    text = canonical(word)
    read = kind.read(json.loads(text))
    assert read == word
    assert canonical(read) == text


@settings(max_examples=40)
@given(BOOKS)
def test_a_book_reads_back(book: Book) -> None:
    there_and_back(Book, book)


@settings(max_examples=40)
@given(PROPOSALS)
def test_a_proposal_reads_back(proposal: Proposal) -> None:
    there_and_back(Proposal, proposal)


@settings(max_examples=40)
@given(EXITS)
def test_an_exit_plan_reads_back(plan: ExitPlan) -> None:
    there_and_back(ExitPlan, plan)


@settings(max_examples=40)
@given(FILLS)
def test_a_fill_reads_back_from_texts_and_from_decimals(fill: Fill) -> None:
    there_and_back(Fill, fill)
    assert Fill.read({**plain(fill), "quantity": fill.quantity, "price": fill.price, "fee": fill.fee}) == fill


@settings(max_examples=40)
@given(INTENTS)
def test_an_intent_reads_back_and_more_keys_may_be_there(intent: OrderIntent) -> None:
    there_and_back(OrderIntent, intent)
    assert OrderIntent.read({**plain(intent), "status": "sent", "filled": "0"}) == intent
