"""No limit is exceeded at any commit, however many processes ask at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.processes import run
from adapters.stores import ACCOUNT, Store, store_at
from durability.proposers import EACH, LIMIT, MARKS, PROCESSES, fund, within_limits
from servers.postgres import fresh

ASKED = PROCESSES * EACH
FUNDED = {f"Q{number}" for number in range(5)}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The store after eight processes have asked; each checked the book before each of its commits."""
    with ExitStack() as stack:
        place: Path | str = tmp_path_factory.mktemp("asked")
        if request.param == "postgres":
            place = stack.enter_context(fresh(request.getfixturevalue("postgres_server")))
        store = store_at(place)
        fund(store)
        run("durability.proposers", place)
        yield store
        store.database.close()


def test_every_proposal_has_its_decision_and_no_id_was_given_twice(asked: Store) -> None:
    decisions = asked.database.rows("decision")
    made = [json.loads(row["outcome"]) for row in decisions]
    keys = [outcome["proposal"]["key"] for outcome in made if "proposal" in outcome]
    assert len(keys) == len(set(keys)) == ASKED
    numbers = sorted(int(row["decision_id"].rpartition("-")[2]) for row in decisions)
    assert numbers == list(range(1, len(decisions) + 1))
    verdicts = Counter(outcome.get("verdict") for outcome in made)
    assert all(verdicts[word] > few for word, few in (("approved", 5), ("shrunk", 50), ("vetoed", 50))), verdicts


def test_each_intent_is_what_its_own_decision_approved(asked: Store) -> None:
    outcomes = {row["decision_id"]: json.loads(row["outcome"]) for row in asked.database.rows("decision")}
    intents = asked.database.rows("intent")
    for name in ("client_order_id", "intent_id", "decision_id"):
        assert len({row[name] for row in intents}) == len(intents)
    for row in intents:
        assert Decimal(outcomes[row["decision_id"]]["quantity"]) == Decimal(row["quantity"])
    approved = [o for o in outcomes.values() if o.get("verdict") in ("approved", "shrunk")]
    assert len(intents) == 5 + len(approved)
    assert asked.audit().faults == ()


def test_the_limit_held_after_every_change_in_the_order_of_the_versions(asked: Store) -> None:
    """Each change of the account took a version: an intent names the one that it saw, cancellations have the others."""
    with asked.accounts.transaction(ACCOUNT) as transaction:
        book = transaction.book(MARKS)
    within_limits(book)
    intents = {row["client_order_id"]: row for row in asked.database.rows("intent")}
    cancelled = [r["client_order_id"] for r in asked.database.rows("order_event") if r["status"] == "cancelled"]
    changes = {r["account_version"] + 1: Decimal(r["reserve"]) for i, r in intents.items() if i not in FUNDED}
    free = [version for version in range(min(changes), book.version + 1) if version not in changes]
    assert len(free) == len(cancelled) == len(set(cancelled)) > 50
    changes |= {v: -Decimal(intents[i]["reserve"]) for v, i in zip(free, cancelled, strict=True)}
    deployed = [LIMIT * Decimal("0.95")]
    for version in sorted(changes):
        deployed.append(deployed[-1] + changes[version])
    assert LIMIT * Decimal("0.999") < max(deployed) <= LIMIT
    assert deployed[-1] == book.deployed
