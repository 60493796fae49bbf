"""How Kraken names pairs and says no."""

from __future__ import annotations

from typing import Any

from quorum.adapters.rest import PAUSE, Answer, Busy, no_bars, refused
from quorum.domain import DataError, NotFound, QuorumError, split_symbol

_NAMES = {"BTC": "XBT", "DOGE": "XDG"}
_BUSY = ("EGeneral:Temporary", "EService:")
_SHOWN = 200


def pair(symbol: str) -> str:
    """Kraken's name of a pair: XBTUSDT for BTCUSDT."""
    base, quote = split_symbol(symbol)
    return symbol if base == symbol else _NAMES.get(base, base) + _NAMES.get(quote, quote)


def refusal(answer: Answer) -> QuorumError | None:
    """What Kraken means by an answer: it says no inside a success."""
    errors = answer.body.get("error") if isinstance(answer.body, dict) else None
    said = "; ".join(e for e in errors if isinstance(e, str))[:_SHOWN] if isinstance(errors, list) else ""
    if not said:
        return refused(answer)
    if "limit" in said or "Too many" in said:
        return Busy(f"{answer.place} says that we ask too often ({said})", wait=PAUSE)
    if any(word in said for word in _BUSY):
        return Busy(f"{answer.place} is busy ({said})")
    if "Unknown asset pair" in said:
        return NotFound(f"kraken does not know the pair ({answer.place}, {said})", "write it as BTCUSD or BTC/USD")
    return DataError(f"{answer.place} does not take the request ({said})", "check symbol and timeframe")


def result(answer: Answer) -> tuple[Any, Any]:
    """The rows of an answer and its `last`; DataError when it has another shape."""
    held = answer.body.get("result") if isinstance(answer.body, dict) else None
    if isinstance(held, dict) and "last" in held and len(held) == 2:
        return next(rows for name, rows in held.items() if name != "last"), held["last"]
    raise no_bars(answer)
