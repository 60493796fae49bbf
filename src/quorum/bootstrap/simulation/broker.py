"""A broker at a simulated venue, for who has an address and keys and no account of a workspace."""

from __future__ import annotations

from collections.abc import Callable

from quorum.adapters.alpaca.trading import AlpacaBroker, Line
from quorum.adapters.keys import Secret
from quorum.domain import Clock
from quorum.execution import Broker


def broker_at(
    url: str, keys: tuple[str, str], clock: Clock, expiry: Callable[[str], int | None], timeout: float
) -> Broker:
    """The broker of the Alpaca that is simulated at `url`; an answer that takes `timeout` seconds is none.

    `expiry` says until when (ns UTC) an order was approved, None for one that is not ours.
    """
    key, secret = (Secret(each, "the simulation") for each in keys)
    return AlpacaBroker(Line(url, (key, secret), clock, timeout), clock, expiry)
