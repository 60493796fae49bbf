"""Answers in pages: rows of many symbols, symbol after symbol, and the token of what is left."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from quorum.simulator.alpaca.asking import whole
from quorum.simulator.alpaca.refusals import BAD_REQUEST, Complaint
from quorum.simulator.core import Listing

_MOST, _USUAL = 10_000, 1_000
Rows = Iterable[tuple[int, dict[str, Any]]]


def paged(
    request: web.Request, listings: Iterable[Listing], read: Callable[[Listing, int | None], Rows]
) -> tuple[dict[str, list[dict[str, Any]]], str | None]:
    """Rows of each symbol in order, and the token of the next page where there is more.

    `read` gives the rows of a listing with their instants, from one on where a page began within them.
    """
    limit, (begin, later) = whole(request, "limit", _USUAL, _MOST), _token(request)
    found: dict[str, list[dict[str, Any]]] = {}
    for listing in sorted(listings, key=lambda each: each.symbol):
        if listing.symbol < begin:
            continue
        for time, row in read(listing, later if listing.symbol == begin else None):
            if limit == 0:
                return found, _written(f"{listing.symbol}|{time}")
            found.setdefault(listing.symbol, []).append(row)
            limit -= 1
    return found, None


def _token(request: web.Request) -> tuple[str, int | None]:
    """The symbol and the instant at which a page begins."""
    text = request.query.get("page_token")
    if not text:
        return "", None
    try:
        symbol, _, number = base64.urlsafe_b64decode(text.encode()).decode().partition("|")
        return symbol, int(number)
    except ValueError:
        raise Complaint(400, BAD_REQUEST, "invalid page_token") from None


def _written(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()
