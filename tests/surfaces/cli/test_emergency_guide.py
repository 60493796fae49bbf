"""docs/guides/emergencies.md: its lines run, in their order, over an account with a position and open orders."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from domain.words import intent
from quorum.adapters.halts import HaltFile
from quorum.bootstrap import emergency, open_desk
from quorum.domain import Choice, DecisionKind, OrderKind, OrderStatus, OrderTerms, Side
from surfaces.cli.commands import Quorum


@pytest.fixture
def lines(checkout: Path) -> list[str]:
    guide = (checkout / "docs" / "guides" / "emergencies.md").read_text(encoding="utf-8")
    return [line for block in re.findall(r"```console\n(.*?)```", guide, re.DOTALL) for line in block.splitlines()]


def test_its_lines_run(lines: list[str], quorum: Quorum, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emergency, "follow_apart", lambda home: None)
    name = _resting(home)
    assert len(lines) > 10
    for line in lines:
        program, *words = shlex.split(line)
        assert program == "quorum"
        said = quorum(*words)
        assert said.code == (1 if words == ["doctor"] else 0), f"{line}: {said.err}"
        quorum("follow-halts")
    assert HaltFile(home / "state" / "halts.json").standing() == ()
    desk = open_desk(home)
    assert desk.orders.get(name).status is OrderStatus.CANCELLED
    assert desk.states.current().state == "operational"
    assert len(desk.decisions.recent(50, DecisionKind.HALT)) == 10


def _resting(home: Path) -> str:
    """An order of the account that is open at its venue: far below the market."""
    desk = open_desk(home)
    desk.account_for("USDT", "paper")
    now, symbol = desk.clock.now(), next(s.symbol for s in desk.lake.series() if s.symbol.endswith("USDT"))
    wanted = intent(
        account="paper",
        symbol=symbol,
        side=Side.BUY,
        quantity=Decimal("0.5"),
        price=Decimal(2),
        collar=Decimal(2),
        created_at=now,
        expires_at=now + 10**12,
        terms=OrderTerms(OrderKind.LIMIT),
        client_order_id="QRESTS",
    )
    with desk.accounts.transaction("paper") as transaction:
        choice = Choice(DecisionKind.RISK, symbol, now, {}, {"quantity": "0.5", "verdict": "approved"}, "a test")
        order = transaction.intend(replace(wanted, decision_id=transaction.record(choice).decision_id))
    assert desk.sender("paper").send(order).status is OrderStatus.ACCEPTED
    return order.intent.client_order_id
