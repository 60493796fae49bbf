"""Who asks risk, and the words by which risk's own halts are known."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

RAISED_BY = "risk"
"""Who raises the halts of breakers."""


class Asked(NamedTuple):
    """Who asks: the intent's own id, which is no other order, the strategy, and its part of the book."""

    intent_id: str = ""
    strategy_id: str | None = None
    allocation: Decimal | None = None


def fallen(account: str) -> str:
    """How the reason of a halt begins that an account's breaker raised: a resume of it begins a new peak."""
    return f"account {account} has fallen "
