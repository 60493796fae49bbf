"""Commands around the venues of accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quorum.domain import UsageError
from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table

if TYPE_CHECKING:
    from quorum.desk import Desk, Settings
    from quorum.domain import Book
    from quorum.execution import BrokerAccount, BrokerOrder

broker = typer.Typer(
    help="Accounts beside their venues: cash, orders, positions.", no_args_is_help=True, rich_markup_mode=None
)
Account = Annotated[
    str | None, typer.Option("--account", help="One of config/accounts.yaml; else `paper`, or the only one.")
]

USUAL = "paper"


@broker.command("account")
def show_account(account: Account = None, home: Home = None, as_json: Json = False) -> None:
    """Cash, equity and holdings of an account by our books, and beside them what its venue says.

    It ends with 1 when the venue does not answer; our books are shown all the same.

    Example: quorum broker account --account paper
    """
    from quorum.desk.trading.accounting.sheets import digits

    seen = _look(home, account)
    book = seen.book
    lines = {
        "account": book.account,
        "currency": book.currency,
        "cash": digits(book.cash),
        "equity": digits(book.equity),
        "paid_in": digits(book.funded),
        "deployed": digits(book.deployed),
        "version": book.version,
    }
    venue = None
    if seen.venue is not None:
        cash, held = ({n: f"{a:f}" for n, a in part.items()} for part in (seen.venue.cash, seen.venue.positions))
        venue = {"cash": cash, "positions": held, "open_orders": len(seen.orders)}
    if as_json:
        print_json({**lines, "at_venue": venue, "differences": seen.differences})
    else:
        words = [] if venue is None else [f"{amount} {name}" for part in (cash, held) for name, amount in part.items()]
        there = {"at_venue": ", ".join(words) or "nothing", "open_there": venue["open_orders"]} if venue else {}
        facts({**lines, **there, "differences": "; ".join(seen.differences) or "none"} if venue else lines)
    raise typer.Exit(seen.code)


@broker.command("positions")
def show_positions(account: Account = None, home: Home = None, as_json: Json = False) -> None:
    """Holdings with their cost and profit at the last price seen, and what the venue says of each.

    It ends with 1 when the venue does not answer; our books are shown all the same.

    Example: quorum broker positions --json
    """
    seen = _look(home, account)
    rows = [_holding(seen, symbol) for symbol in sorted({*seen.book.positions, *seen.held})]
    if as_json:
        print_json({"positions": rows})
    else:
        names = ("symbol", "quantity", "at venue", "average price", "mark", "unrealised", "realised")
        table(names, [tuple(row[name.replace(" ", "_")] for name in names) for row in rows])
    raise typer.Exit(seen.code)


@broker.command("orders")
def show_orders(account: Account = None, home: Home = None, as_json: Json = False) -> None:
    """Orders with their fills, oldest first, and what is open at the venue that is none of ours.

    It ends with 1 when the venue does not answer; our orders are shown all the same.

    Example: quorum broker orders
    """
    from quorum.desk import order_facts

    seen = _look(home, account)
    orders = seen.desk.orders
    found = [order_facts(o, orders.fills_of(o.intent.client_order_id)) for o in orders.of(seen.book.account)]
    ours = {order["client_order_id"] for order in found}
    foreign = [
        {
            "client_order_id": o.client_order_id,
            "symbol": o.symbol,
            "quantity": f"{o.quantity:f}",
            "status": str(o.status),
        }
        for o in seen.orders
        if o.client_order_id not in ours
    ]
    if as_json:
        print_json({"orders": found, "foreign": foreign})
    else:
        names = ("client_order_id", "created_at", "symbol", "side", "quantity", "filled", "status")
        table(names, [tuple(order[name] for name in names) for order in found])
        if foreign:
            rows = [tuple(order.values()) for order in foreign]
            table(tuple(foreign[0]), rows, "open at the venue, none of ours")
    raise typer.Exit(seen.code)


@broker.command("reconcile")
def reconcile(account: Account = None, home: Home = None, as_json: Json = False) -> None:
    """Bring an account and its venue together by the policy of execution.yaml; ends with 1 where they differ.

    Open orders are settled and late fills booked; what nothing explains is adopted, or halts the account.

    Example: quorum broker reconcile
    """
    from quorum.bootstrap import open_desk
    from quorum.desk import books, order_facts
    from quorum.desk import trading as desk_trading
    from quorum.desk.work.telling import tell_order

    desk = open_desk(home)
    account = _chosen(desk.settings, account)
    desk.account_for("", account)
    done = desk_trading.reconcile(desk, account)
    for order in done.settled:
        tell_order(desk, order_facts(order, desk.orders.fills_of(order.intent.client_order_id)))
    report = books(desk, account)
    balanced = report.audit.balanced and done.clean
    answer: dict[str, Any] = {
        "account": account,
        "balanced": balanced,
        "settled": [o.intent.client_order_id for o in done.settled],
        "entries": report.audit.entries,
        "postings": report.audit.postings,
        "fills": report.audit.fills,
        "faults": report.audit.faults,
        "differences": report.differences,
        **done.facts(),
    }
    if as_json:
        print_json(answer)
    else:
        _tell(answer)
    raise typer.Exit(0 if balanced else 1)


def _tell(answer: Mapping[str, Any]) -> None:
    """What reconciling came to: each difference with what was done about it, and what is left."""
    lines = {name: answer[name] for name in ("account", "balanced", "settled", "entries", "postings", "fills")}
    facts({**lines, "faults": "; ".join(map(str, answer["faults"])) or "none"})
    names = ("what", "step", "why", "price")
    for title in ("found", "left"):
        table(names, [tuple(one[name] for name in names) for one in answer[title]], title)
    if answer["halted"]:
        again = f"mend it, then `quorum resume --account {answer['account']} --reason TEXT`"
        note(f"the account is halted: {answer['halted']}; {again}")


@broker.command("serve")
def serve(account: Account = None, home: Home = None) -> None:
    """Run the simulated venue of an account in this process until it is stopped.

    Example: quorum broker serve --account paper
    """
    from quorum.bootstrap import open_workspace, serve_broker

    account = _chosen(open_workspace(home).settings(), account)
    server = serve_broker(home, account)
    note(f"the venue of {account} listens at {server.server_address!s}")
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        say("stopped")


@dataclass(frozen=True, slots=True)
class _Seen:
    """An account by our books and, where it answers, by its venue."""

    desk: Desk
    book: Book
    venue: BrokerAccount | None
    orders: Sequence[BrokerOrder]

    @property
    def held(self) -> Mapping[str, Decimal]:
        return {} if self.venue is None else self.venue.positions

    @property
    def differences(self) -> Sequence[str]:
        from quorum.execution.reconcile import differences

        return () if self.venue is None else differences(self.book, self.venue)

    @property
    def code(self) -> int:
        return 1 if self.venue is None else 0


def _chosen(settings: Settings, account: str | None) -> str:
    """The account named, else `paper`, else the only one; UsageError where there are several, or none."""
    known = settings.accounts.accounts
    if account is not None:
        return account
    if not known:
        raise UsageError("there is no account", "add one with `quorum account add`")
    if USUAL not in known and len(known) > 1:
        raise UsageError("which account is meant is not said", f"name one of {', '.join(known)} by --account")
    return USUAL if USUAL in known else next(iter(known))


def _look(home: Path | None, account: str | None) -> _Seen:
    """Both sides; what keeps the venue's from us is said."""
    from quorum.bootstrap import open_desk
    from quorum.domain import BrokerError

    desk = open_desk(home)
    account = _chosen(desk.settings, account)
    desk.account_for("", account)
    with desk.accounts.transaction(account) as transaction:
        book = transaction.book()
    try:
        broker = desk.broker(account, desk.clock)
        return _Seen(desk, book, broker.account(), broker.open_orders())
    except BrokerError as error:
        note(f"the venue does not tell its side: {error}")
        return _Seen(desk, book, None, ())


def _holding(seen: _Seen, symbol: str) -> dict[str, Any]:
    from quorum.domain import Position

    held, mark = seen.book.positions.get(symbol, Position(symbol)), seen.book.marks.get(symbol)
    return {
        "symbol": symbol,
        "quantity": f"{held.quantity:f}",
        "average_price": f"{held.average_price:.8f}",
        "mark": "" if mark is None else str(mark),
        "unrealised": f"{held.unrealised(held.average_price if mark is None else mark):.8f}",
        "realised": f"{held.realised:.8f}",
        "at_venue": None if seen.venue is None else f"{seen.held.get(symbol, 0):f}",
    }
