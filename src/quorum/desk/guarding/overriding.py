"""A person's override of a limit: who, up to what, why and until when; on record before it holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from quorum.desk.desk import Desk
from quorum.domain import Choice, DecisionKind, UsageError, iso, plain
from quorum.risk import FRACTIONS, MOST, RAISABLE, Override, raised


def override(desk: Desk, account: str, wanted: Override) -> dict[str, Any]:
    """Let a limit of an account's book be used up to more, for a while; its record as plain facts.

    UsageError for a limit that nobody may raise, without a name or a reason, for an instant that has passed, and for
    a number that raises nothing or that the limit can never be.
    """
    now, name = desk.clock.now(), desk.account_for("", account)
    limits = desk.limits(name)
    refused = wanted.refused(now)
    if refused:
        known = wanted.limit in RAISABLE
        raise UsageError(refused, "say who, why, until" if known else f"these may be: {', '.join(sorted(RAISABLE))}")
    if wanted.limit in FRACTIONS and wanted.up_to > MOST:
        raise UsageError(
            f"{wanted.limit} up to {wanted.up_to} is {wanted.up_to:.0%} of equity",
            f"it is a fraction, 0.45 for 45 %, and at most {MOST}",
        )
    before, after = (getattr(of, wanted.limit) for of in (limits, raised(limits, (wanted,), now)))
    if after == before:
        raise UsageError(
            f"{wanted.limit} of account {name} is {'no limit' if before is None else before}, {wanted.up_to} raises"
            " nothing",
            "give a larger number, in the limit's own unit",
        )
    if after != wanted.up_to:
        raise UsageError(f"{wanted.limit} up to {wanted.up_to} makes no sense", "give a whole number")
    told = {"limit": wanted.limit, "from": plain(before), "to": plain(wanted.up_to), "expires": iso(wanted.expires)}
    choice = Choice(
        DecisionKind.OVERRIDE,
        name,
        now,
        {"override": plain(wanted), "limits": plain(limits)},
        {**told, "by": wanted.by},
        wanted.reason,
    )
    with desk.accounts.transaction(name) as transaction:
        decided = transaction.record(choice).decision_id
        identity = transaction.allow(wanted, (now, decided))
    return {"override_id": identity, "account": name, **told, "by": wanted.by, "decision_id": decided}


def sound_number(text: str) -> Decimal:
    """The number that a person wrote; UsageError for anything else."""
    try:
        value = Decimal(text)
    except ArithmeticError:
        value = Decimal("NaN")
    if not value.is_finite() or value <= 0:
        raise UsageError(f"{text!r} is no number above 0", "write a limit in its own unit, as 0.45")
    return value
