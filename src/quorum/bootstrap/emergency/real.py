"""Real money in an emergency: where anything was ever sent, known without the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from quorum.domain import NeedsApproval

REAL_MONEY = "state/real-money.json"


def agreed_places(home: Path) -> Mapping[str, str]:
    """By account with real money the place that two approvals stand for; none where nothing ever left."""
    with suppress(OSError, ValueError):
        found = json.loads((home / REAL_MONEY).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return {str(name): str(place) for name, place in found.items()}
    return {}


def was_used(home: Path, account: str, section: Mapping[str, Any]) -> bool:
    """Whether anything ever left for an account with real money; NeedsApproval where it is at another place by now."""
    place = agreed_places(home).get(account)
    keys = section["keys"]
    now = f"{section['venue']} at {section['host']}, with {keys['key']} and {keys['secret']}"
    if place is not None and place != now:
        raise NeedsApproval(f"account {account} is {now}, and {place} was agreed to", "put config/accounts.yaml back")
    return place is not None
