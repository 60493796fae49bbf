"""From a proposal that risk passed to the intent that may be sent."""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal

from quorum.domain import OrderIntent, Proposal, content_hash


def make_intent(
    proposal: Proposal, quantity: Decimal, collar: Decimal, decision_id: str, version: int, now: int
) -> OrderIntent:
    """The intent of `quantity` of `proposal`, approved by decision `decision_id` on the book's `version`.

    Its ids follow from the proposal's account and key alone, so one occasion makes one intent, whoever asks.
    """
    identity = content_hash({"account": proposal.account, "key": proposal.key})
    return OrderIntent(
        intent_id=f"INT-{identity[:20]}",
        client_order_id=_client_order_id(identity),
        account=proposal.account,
        symbol=proposal.symbol,
        side=proposal.side,
        quantity=quantity,
        price=proposal.price,
        collar=collar,
        reserve=quantity * max(collar, proposal.price),
        purpose=proposal.purpose,
        decision_id=decision_id,
        account_version=version,
        created_at=now,
        expires_at=proposal.expires,
        exit=proposal.exit,
    )


def _client_order_id(identity: str) -> str:
    """26 characters that every venue here accepts: letters and digits behind a Q."""
    digest = hashlib.sha256(identity.encode()).digest()
    return "Q" + base64.b32encode(digest[:16]).decode().rstrip("=")[:25]
