"""What Alpaca refuses, in our words: what was found, and what to do about it."""

from __future__ import annotations

from typing import Any

from quorum.adapters.rest import Answer, words
from quorum.domain import BrokerError

DUPLICATE = "client_order_id must be unique"
_FACTS = (
    *("buying_power", "cost_basis", "available", "existing_qty", "held_for_orders"),
    *("existing_order_id", "reject_reason", "related_orders", "symbol"),
)
_KEYS = (
    "check that both keys are of one pair, of this host and not revoked (keys: in config/accounts.yaml);"
    " paper keys begin with PK"
)
_REMEDIES = (
    ("insufficient buying power", "sell first, or make it smaller: `quorum broker account`"),
    ("insufficient balance", "sell first, or make it smaller: `quorum broker account`"),
    ("insufficient qty", "cancel the orders that hold it, or make it smaller: `quorum broker orders`"),
    ("wash trade", "cancel the order on the other side first: `quorum broker orders`"),
    ("allowed to short", "let the strategy hold long only, or have shorting enabled at the venue"),
    ("cannot be sold short", "let the strategy hold long only, or have shorting enabled at the venue"),
    ("must be day orders", "round it to whole shares, or let it hold for the day"),
    ("opg orders", "place it after 19:00 and before 09:28 in New York"),
    ("sub-penny", "put the price on the step: 0.01, below one dollar 0.0001"),
    ("not found", "check the symbol: AAPL, or BTC/USD"),
    ("not tradable", "trade another symbol"),
    ("not fractionable", "round it to whole shares"),
    ("minimal amount", "make it larger"),
    ("day trad", "wait for the next session, or trade another account"),
    (DUPLICATE, "this is a bug: report it"),
)


def code_of(answer: Answer) -> int | None:
    """The venue's own code of an error."""
    found = answer.body.get("code") if isinstance(answer.body, dict) else None
    return found if isinstance(found, int) else None


def is_duplicate(answer: Answer) -> bool:
    """Whether the venue has an order of that client order id already."""
    return answer.status == 422 and DUPLICATE in words(answer)


def refusal(answer: Answer) -> BrokerError | None:
    """What the venue means by an answer; None for a success, and for 404, which is an answer to a question."""
    if 200 <= answer.status < 300 or answer.status == 404:
        return None
    return refused(answer)


def refused(answer: Answer) -> BrokerError:
    """The refusal that an answer is: status, code, the venue's words and its facts."""
    said = words(answer)
    if answer.status == 401 or (answer.status == 403 and (not said or "forbidden" in said.lower())):
        return BrokerError(f"{answer.place} refuses the keys ({answer.status}{said})", _KEYS)
    code = code_of(answer)
    shown = f"alpaca refuses ({answer.status}{'' if code is None else f', code {code}'}{said}{_facts(answer.body)})"
    return BrokerError(shown, _remedy(answer.status, said.lower()))


def _remedy(status: int, said: str) -> str:
    if status in (418, 429):
        return "wait a minute: the venue takes 200 requests in one"
    if 300 <= status < 400:
        return "write the venue's right address as host: in config/accounts.yaml"
    return next((remedy for marker, remedy in _REMEDIES if marker in said), "mend the order: docs/reference/venues.md")


def _facts(body: Any) -> str:
    if not isinstance(body, dict):
        return ""
    found = [f"{name} {_line(body[name])}" for name in _FACTS if body.get(name) not in (None, "", [])]
    return f"; {', '.join(found)}" if found else ""


def _line(value: Any) -> str:
    text = " ".join(str(each) for each in value) if isinstance(value, list) else str(value)
    return "".join(c for c in text if c.isprintable())[:200]
