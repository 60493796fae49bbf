"""Addresses that hold secrets, and texts without them."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl, quote, unquote, urlsplit

SHORTEST = 4
HIDDEN = "(hidden)"


def secret_parts(url: str) -> frozenset[str]:
    """What of an address may be a secret: all of it, its user, password, and each part of its path and its query."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return frozenset({url})
    names = [parts.username or "", parts.password or "", *parts.path.split("/")]
    values = [value for _, value in parse_qsl(parts.query)]
    loopback = host in ("localhost", "127.0.0.1", "::1")
    return frozenset({url, *names, *values, *(() if loopback or "." in host else (host,))} - {""})


def without(text: str, secrets: Collection[str]) -> str:
    """`text` on one line, with no secret in it, as it is or as an address writes it; the longest are sought first."""
    forms = {form for s in secrets for form in (s, unquote(s), quote(s, safe="")) if len(form) >= SHORTEST}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return " ".join(text.split())
