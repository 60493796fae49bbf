"""From a proposal that risk passed to the intent that may be sent."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from decimal import Decimal

from quorum.domain import OrderIntent, Proposal, content_hash


def make_intent(
    proposal: Proposal, quantity: Decimal, collar: Decimal, decision_id: str, version: int, now: int
) -> OrderIntent:
    """The intent of `quantity` of `proposal`, approved by decision `decision_id` on the book's `version`.

    Its ids follow from the proposal's account and key alone, so one occasion makes one intent, whoever asks.
    """
    intent_id, client_order_id = _ids(content_hash({"account": proposal.account, "key": proposal.key}))
    return OrderIntent(
        intent_id=intent_id,
        client_order_id=client_order_id,
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


def next_attempt(intent: OrderIntent, attempt: int) -> OrderIntent:
    """The same wish under new ids, for an occasion whose earlier attempts never arrived."""
    intent_id, client_order_id = _ids(content_hash({"intent": intent.intent_id, "attempt": attempt}))
    return replace(intent, intent_id=intent_id, client_order_id=client_order_id)


def _ids(identity: str) -> tuple[str, str]:
    """Intent id, and a client order id of 26 letters and digits, which every venue here accepts."""
    digest = hashlib.sha256(identity.encode()).digest()
    return f"INT-{identity[:20]}", "Q" + base64.b32encode(digest[:16]).decode().rstrip("=")[:25]
