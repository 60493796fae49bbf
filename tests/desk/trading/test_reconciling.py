"""An account and its venue come together in one pass, or the account is halted with the reason."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from desk.markets import ENTRY
from desk.offices import ask
from quorum.adapters.halts import WrittenOrders
from quorum.desk import Desk, books
from quorum.desk.notices import Event
from quorum.desk.trading import Unreached, reconcile, reconcile_all
from quorum.desk.trading.reconciling.acting import act
from quorum.desk.trading.reconciling.looking import look
from quorum.domain import (
    MINUTE,
    BrokerError,
    BrokerUnreachable,
    Choice,
    DecisionKind,
    Fill,
    OrderEvent,
    OrderIntent,
    OrderStatus,
    Proposal,
    Purpose,
    Side,
    VirtualClock,
    WorkspaceError,
    plain,
)
from quorum.execution import Abilities, Broker, BrokerAccount, BrokerOrder, Sender, make_intent
from quorum.execution.fakes import ListedHalts
from quorum.execution.ledger import CASH, entry_of_adjustment
from quorum.execution.reconcile import CashGap, Resolution, Step

ZERO = Decimal(0)
CLOCK = VirtualClock(ENTRY + 60 * MINUTE)


@dataclass
class OtherHands:
    """A venue at which other hands trade, too: holdings and cash that are off, orders that nobody here knows."""

    inner: Broker
    moved: dict[str, Decimal] = field(default_factory=dict)
    cash: Decimal = ZERO
    orders: dict[str, BrokerOrder] = field(default_factory=dict)
    answers: dict[str, BrokerOrder | None] = field(default_factory=dict)
    stubborn: bool = False
    down: bool = False

    @property
    def abilities(self) -> Abilities:
        return self.inner.abilities

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        return self.inner.submit(intent)

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        if client_order_id in self.answers:
            return self.answers[client_order_id]
        return self.inner.order(client_order_id, sent)

    def open_orders(self) -> Sequence[BrokerOrder]:
        return [*self.inner.open_orders(), *self.orders.values()]

    def cancel(self, client_order_id: str) -> BrokerOrder:
        if self.stubborn:
            raise BrokerError("the market is closed")
        found = self.orders.pop(client_order_id)
        return replace(found, status=OrderStatus.CANCELLED)

    def cancel_all(self) -> Mapping[str, str]:
        return {}

    def account(self) -> BrokerAccount:
        if self.down:
            raise BrokerUnreachable("no answer", "wait")
        found = self.inner.account()
        held = {**found.positions}
        for symbol, quantity in self.moved.items():
            held[symbol] = held.get(symbol, ZERO) + quantity
        return BrokerAccount({**found.cash, "USDT": found.cash["USDT"] + self.cash}, held)


@dataclass
class Office:
    """A desk that has bought FLATUSDT, and the venue at which others trade too."""

    desk: Desk
    venue: OtherHands

    def order(self) -> Any:
        (found,) = self.desk.orders.of("paper", "FLATUSDT")
        return found

    def held(self) -> Decimal:
        with self.desk.accounts.transaction("paper") as transaction:
            return transaction.book().quantity("FLATUSDT")


def policy_of(desk: Desk, **keys: Any) -> Desk:
    """The desk with keys of `reconciliation` changed."""
    execution = desk.settings.execution
    section = execution.reconciliation.model_copy(update=keys)
    changed = execution.model_copy(update={"reconciliation": section})
    return replace(desk, settings=replace(desk.settings, execution=changed))


@pytest.fixture
def office(desk: Desk) -> Office:
    ask(desk, "FLATUSDT")
    venue = OtherHands(desk.broker("paper", CLOCK))
    return Office(replace(desk, broker=lambda account, clock: venue), venue)


def foreign(name: str = "byhand") -> BrokerOrder:
    return BrokerOrder(name, OrderStatus.ACCEPTED, (), "", "FLATUSDT", Decimal(3))


def reasons(desk: Desk) -> list[str]:
    return [halt.reason for halt in desk.halts.standing()]


def told(desk: Desk) -> list[str]:
    notices = [one.notice.occurrence for one in desk.outbox.listed(50)]
    return [o.summary for o in notices if o.event is Event.BOOKS_DIFFER]


def test_what_agrees_changes_nothing(office: Office) -> None:
    done = reconcile(office.desk, "paper", CLOCK)
    assert (done.clean, done.found, done.halt, reasons(office.desk), told(office.desk)) == (True, (), None, [], [])


def test_a_holding_that_nobody_here_bought_halts_the_account_once_and_tells_people(office: Office) -> None:
    office.venue.moved = {"FLATUSDT": Decimal(7)}
    first, second = (reconcile(office.desk, "paper", CLOCK) for _ in range(2))
    assert (first.clean, second.clean, first.halt) == (False, False, second.halt)
    (reason,) = reasons(office.desk)
    assert reason.endswith("at the venue (foreign_positions: halt)")
    (said,) = told(office.desk)
    assert said == f"account paper: halted, {reason}"


def test_a_holding_and_cash_are_adopted_in_one_pass_and_the_ledger_balances(office: Office) -> None:
    desk = policy_of(office.desk, foreign_positions="adopt", cash="adopt")
    before = office.held()
    office.venue.moved, office.venue.cash = {"FLATUSDT": Decimal(-2)}, Decimal("190.5")
    done = reconcile(desk, "paper", CLOCK)
    assert (done.clean, done.left, reasons(desk)) == (True, (), [])
    assert [one.step.value for one in done.found] == ["adopt", "adopt"]
    assert office.held() == before - 2
    report = books(desk, "paper", CLOCK)
    assert (report.balanced, report.differences) == (True, ())
    kinds = [row["kind"] for row in desk.rows(("entry",))["entry"]]
    assert kinds[-2:] == ["adjustment", "adoption"]
    decided = [d.choice for d in desk.decisions.recent(5) if d.choice.kind is DecisionKind.POLICY]
    assert {d.outcome["step"] for d in decided} == {"adopt"}
    assert reconcile(desk, "paper", CLOCK).found == ()


def test_nothing_is_adopted_into_books_that_do_not_balance(office: Office) -> None:
    desk = policy_of(office.desk, foreign_positions="adopt", cash="adopt")
    with sqlite3.connect(desk.workspace.home / "desk.db") as database:
        database.execute("update balance set amount = '5' where ledger_account = 'assets:cash'")
    before = len(desk.rows(("entry",))["entry"])
    done = reconcile(desk, "paper", CLOCK)
    assert not done.clean
    assert len(desk.rows(("entry",))["entry"]) == before
    assert "cash: adopt, but the ledger does not balance: balance paper assets:cash USDT is 5" in reasons(desk)[0]


@pytest.mark.parametrize("currency", ["USDT", "EUR"])
def test_cash_that_has_moved_since_the_look_is_not_adopted(office: Office, currency: str) -> None:
    desk = office.desk
    seen = look(desk, "paper", CLOCK)
    ours = seen.ours.book.cash if currency == seen.ours.book.currency else ZERO
    adopt = Resolution(CashGap(currency, ours, ours + 5), Step.ADOPT, "cash: adopt")
    with desk.accounts.transaction("paper") as transaction:
        transaction.enter(entry_of_adjustment("paper", CASH, currency, Decimal(5), (CLOCK.now(), "another process")))
    before = len(desk.rows(("entry",))["entry"])
    act(desk, seen, adopt, CLOCK)
    assert len(desk.rows(("entry",))["entry"]) == before
    seen = look(desk, "paper", CLOCK)
    for strange in ("USDT", "EUR"):  # one does not keep the other from it
        act(desk, seen, replace(adopt, difference=CashGap(strange, ZERO, Decimal(1))), CLOCK)
    assert len(desk.rows(("entry",))["entry"]) == before + 2


def test_a_strange_symbol_without_a_price_is_not_adopted(office: Office) -> None:
    desk = policy_of(office.desk, foreign_positions="adopt", cash="adopt")
    office.venue.moved = {"NEWUSDT": Decimal(1)}
    done = reconcile(desk, "paper", CLOCK)
    assert not done.clean
    assert "no price of NEWUSDT is known" in reasons(desk)[0]


@pytest.mark.parametrize(("way", "clean", "left"), [("leave", True, 1), ("cancel", True, 0), ("halt", False, 1)])
def test_a_foreign_order_is_left_cancelled_or_halts(office: Office, way: str, clean: bool, left: int) -> None:
    desk = policy_of(office.desk, foreign_orders=way)
    office.venue.orders = {"byhand": foreign()}
    done = reconcile(desk, "paper", CLOCK)
    assert (done.clean, len(office.venue.orders), len(reasons(desk))) == (clean, left, 0 if clean else 1)


def test_an_order_that_the_venue_will_not_cancel_halts(office: Office) -> None:
    desk = policy_of(office.desk, foreign_orders="cancel")
    office.venue.orders, office.venue.stubborn = {"byhand": foreign()}, True
    assert not reconcile(desk, "paper", CLOCK).clean
    assert "byhand" in reasons(desk)[0]


def test_fills_of_an_order_that_had_ended_here_are_booked_late(office: Office) -> None:
    desk, order = office.desk, office.order()
    name = order.intent.client_order_id
    given = replace(order.intent, client_order_id="QLATE", intent_id="INT-LATE", parts=())
    with desk.accounts.transaction("paper") as transaction:
        transaction.intend(given)
    broker, clock = office.venue, VirtualClock(CLOCK.now())
    broker.answers["QLATE"] = None
    sender = desk.sender("paper", clock)
    with desk.accounts.transaction("paper") as transaction:
        transaction.append(OrderEvent("QLATE", OrderStatus.SENT, clock.now()))
        transaction.append(OrderEvent("QLATE", OrderStatus.NEVER_ARRIVED, clock.now()))
    price = desk.orders.fills_of(name)[0].price
    side = given.side
    fill = Fill("QLATE-1", "QLATE", "FLATUSDT", side, Decimal(1), price, ZERO, "USDT", clock.now())
    broker.answers["QLATE"] = BrokerOrder("QLATE", OrderStatus.CANCELLED, (fill,))
    broker.moved, broker.cash = {"FLATUSDT": Decimal(side.sign)}, -side.sign * price
    assert sender.broker is broker
    done = reconcile(desk, "paper", clock)
    assert (done.clean, [one.step.value for one in done.found]) == (True, ["book"])
    assert desk.orders.get("QLATE").status is OrderStatus.NEVER_ARRIVED
    assert desk.orders.get("QLATE").filled == 1
    assert "the venue filled 1 more of it" in told(desk)[0]
    blind = policy_of(desk, look_back_hours=0.0)
    broker.moved = {"FLATUSDT": 2 * Decimal(side.sign)}
    assert not reconcile(blind, "paper", clock).clean


def test_a_venue_that_does_not_answer_changes_nothing(office: Office) -> None:
    office.venue.down = True
    with pytest.raises(BrokerUnreachable):
        reconcile(office.desk, "paper", CLOCK)
    (one,) = reconcile_all(office.desk, CLOCK)
    assert isinstance(one, Unreached)
    assert not one.clean
    assert reasons(office.desk) == []


@pytest.mark.parametrize(
    ("key", "value", "off", "step"),
    [
        ("dust_lots", Decimal(1), {"moved": {"FLATUSDT": Decimal("0.00001")}}, "leave"),
        ("dust_lots", Decimal(0), {"moved": {"FLATUSDT": Decimal("0.00001")}}, "halt"),
        ("cash_tolerance", Decimal("0.5"), {"cash": Decimal("0.4")}, "leave"),
        ("cash_tolerance", Decimal(0), {"cash": Decimal("0.4")}, "halt"),
        ("cash", "adopt", {"cash": Decimal(5)}, "adopt"),
        ("cash", "halt", {"cash": Decimal(5)}, "halt"),
    ],
)
def test_every_key_of_the_policy_is_heard(
    office: Office, key: str, value: object, off: Mapping[str, Any], step: str
) -> None:
    for name, change in off.items():
        setattr(office.venue, name, change)
    done = reconcile(policy_of(office.desk, **{key: value}), "paper", CLOCK)
    assert [one.step.value for one in done.found] == [step]


@pytest.mark.parametrize(("seconds", "step"), [(300.0, "wait"), (0.0, "halt")])
def test_an_order_without_an_answer_explains_its_holding_for_as_long_as_the_key_says(
    office: Office, seconds: float, step: str
) -> None:
    desk, order = office.desk, office.order()
    given = replace(order.intent, client_order_id="QWAIT", intent_id="INT-WAIT", quantity=Decimal(4))
    with desk.accounts.transaction("paper") as transaction:
        transaction.intend(given)
        transaction.append(OrderEvent("QWAIT", OrderStatus.SENT, CLOCK.now() - MINUTE))

    def silent(client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        raise BrokerUnreachable("it may still arrive", "wait")

    office.venue.order = silent  # type: ignore[method-assign]
    office.venue.moved = {"FLATUSDT": given.side.sign * Decimal(3)}
    done = reconcile(policy_of(desk, patience_seconds=seconds), "paper", CLOCK)
    assert [one.step.value for one in done.left] == [step]


def written(office: Office, *, sent: bool = True) -> OrderIntent:
    """A closing order that left by the file while the store was out of reach; the venue filled what it was sent."""
    desk, opened = office.desk, office.order().intent
    purpose, side = Purpose.REDUCTION, Side.SELL if opened.side is Side.BUY else Side.BUY
    price, quantity, now = opened.price, office.held(), CLOCK.now()
    wish = Proposal(purpose, "paper", "FLATUSDT", side, quantity, price, now, now + MINUTE, "close", "emergency")
    word = {"proposal": plain(wish), "verdict": "approved", "quantity": plain(quantity), "reasons": []}
    orders = WrittenOrders(desk.workspace.home / "state/emergency.jsonl", CLOCK, lambda account: None)  # type: ignore[arg-type,return-value]
    with orders.transaction("paper") as transaction:
        decided = transaction.record(Choice(DecisionKind.RISK, "FLATUSDT", now, {}, word, "an emergency"))
        intent = make_intent(wish, quantity, price / 2 if side is Side.SELL else price * 2, decided.decision_id, 0, now)
        order = transaction.intend(intent)
    if sent:
        Sender(office.venue, orders, CLOCK, ListedHalts()).send(order)
    return intent


def test_orders_of_an_emergency_are_taken_into_the_books_once(office: Office) -> None:
    intent = written(office)
    for _ in range(2):
        assert reconcile(office.desk, "paper", CLOCK).clean
    order = office.desk.orders.get(intent.client_order_id)
    assert (order.status, order.intent.decision_id[:4], office.held()) == (OrderStatus.FILLED, "DEC-", 0)
    report = books(office.desk, "paper", CLOCK)
    assert (report.balanced, report.audit.faults) == (True, ())


def test_an_order_that_was_written_and_never_sent_stays_out(office: Office) -> None:
    intent = written(office, sent=False)
    assert reconcile(office.desk, "paper", CLOCK).clean
    assert intent.client_order_id not in {o.intent.client_order_id for o in office.desk.orders.of("paper")}


def test_a_damaged_file_of_an_emergency_is_named_and_a_torn_last_line_is_not(office: Office) -> None:
    path = office.desk.workspace.home / "state" / "emergency.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"kind": "intent", "in')
    assert reconcile(office.desk, "paper", CLOCK).clean
    path.write_text('{"kind": "intent", "intent": {}}\n')
    with pytest.raises(WorkspaceError, match="emergency"):
        reconcile(office.desk, "paper", CLOCK)
    (one,) = reconcile_all(office.desk, CLOCK)
    assert isinstance(one, Unreached)
