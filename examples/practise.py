"""An order at a venue of your own: risk, a reply that is lost, reconciliation, close-all, the statement."""

import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx

from quorum.bootstrap import close_everywhere, open_desk
from quorum.desk import Desk, books, make_workspace
from quorum.desk.facts import verdict_facts
from quorum.desk.guarding import surroundings
from quorum.desk.trading import reconcile
from quorum.desk.trading.accounting import statement_facts, statement_of
from quorum.domain import (
    MINUTE,
    Choice,
    DecisionKind,
    Instrument,
    Order,
    Proposal,
    Purpose,
    Side,
    SystemClock,
    Vetoed,
    plain,
)
from quorum.engine import intend, judge
from quorum.risk import LastTrade
from quorum.simulator import Address, Options, parse_faults, running

APPLE = Instrument("AAPL", "alpaca", "AAPL", "USD", Decimal("0.01"), Decimal(1))
LOST = tuple(parse_faults(["reset_after,on=POST /v2/orders,at=1"]))  # the venue takes the order, and its answer is lost


def workspace(home: Path, venue: Address) -> None:
    """A workspace with an account at the venue; its keys lie in a file that only the owner may read."""
    make_workspace(home, ["momentum"])
    keys = home / "keys.env"
    keys.touch(0o600)
    keys.write_text(f"ALPACA_API_KEY={venue.keys.key}\nALPACA_SECRET_KEY={venue.keys.secret}\n")
    where = f"venue: alpaca, host: '{venue.url}', keys: 'file:keys.env'"
    accounts = f"accounts:\n  practice: {{book: equities, currency: USD, cash: 100000, {where}}}\n"
    (home / "config" / "accounts.yaml").write_text(accounts)


def buy(desk: Desk, quantity: int, price: Decimal) -> Order:
    """Ask risk, write the order down, and only then send it."""
    now = desk.clock.now()
    wish = Proposal(
        purpose=Purpose.PLAN,
        account="practice",
        symbol="AAPL",
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=price,
        as_of=now,
        expires=now + 5 * MINUTE,
        key="an example",
        origin="",
    )
    with desk.accounts.transaction("practice") as account:  # others who would trade wait for this to end
        book = account.book({"AAPL": price}, now)
        around = replace(surroundings(desk, account, book, wish, {}), last={"AAPL": LastTrade(price, now)})
        limits = desk.limits("practice")
        verdict = judge(wish, book, limits, APPLE, around)
        assert not isinstance(verdict, Vetoed), verdict.reasons
        said = verdict_facts(verdict)
        print(f"{quantity} AAPL: {said['verdict']}, {'; '.join(said['reasons']) or 'every limit leaves room'}")
        choice = Choice(
            DecisionKind.RISK, "AAPL", now, {"proposal": plain(wish)}, {"proposal": plain(wish), **said}, ""
        )
        decision = account.record(choice)
        order = account.intend(intend(wish, verdict, decision.decision_id, book, (limits, APPLE)))
    return desk.sender("practice").send(order)


def main(home: Path, venue: Address) -> None:
    workspace(home, venue)
    desk = open_desk(home)
    desk.account_for("USD", "practice")
    httpx.post(f"{venue.control}/prices", json={"symbol": "AAPL", "last": "230"}).raise_for_status()

    order = buy(desk, 100, Decimal(230))
    print(f"sent: {order.status}")
    done = reconcile(desk, "practice")
    print(f"asked for again: {desk.orders.get(order.intent.client_order_id).status}, {len(done.left)} differences")

    word = ("ada", "enough for today")
    closed = close_everywhere(home, "practice", word, Decimal("0.05"), follow=False)
    print(f"closed: {[(one['quantity'], one['symbol']) for one in closed['closed']]}, left: {closed['failed']}")

    report = books(desk, "practice")
    told = statement_facts(desk, statement_of(desk, "practice", 0, desk.clock.now() + MINUTE))
    whole = next(line for line in told["profit"] if line["owner"] == "*")
    print(f"realised {whole['realised']}, cash {told['closing']['USD']}: {'balanced' if report.balanced else 'off'}")


options = Options("alpaca", SystemClock().now(), prices="quiet", symbols=("AAPL",), rate=0, faults=LOST)
with tempfile.TemporaryDirectory() as folder, running(options) as address:
    main(Path(folder) / "desk", address)
