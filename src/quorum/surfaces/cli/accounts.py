"""Commands around the venues of accounts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table

broker = typer.Typer(help="The venue's side: account, orders, positions.", no_args_is_help=True, rich_markup_mode=None)
Account = Annotated[str, typer.Option("--account", help="An account of config/accounts.yaml.")]


@broker.command("account")
def show_account(account: Account = "paper", home: Home = None, as_json: Json = False) -> None:
    """Cash, equity and holdings of an account.

    Example: quorum broker account --account paper
    """
    book, _ = _books(home, account)
    lines = {
        "account": book.account,
        "currency": book.currency,
        "cash": str(book.cash),
        "equity": str(book.equity),
        "paid_in": str(book.funded),
        "deployed": str(book.deployed),
        "version": book.version,
    }
    print_json(lines) if as_json else facts(lines)


@broker.command("positions")
def show_positions(account: Account = "paper", home: Home = None, as_json: Json = False) -> None:
    """Holdings with their cost and profit at the last price seen.

    Example: quorum broker positions --json
    """
    book, _ = _books(home, account)
    rows = [
        {
            "symbol": p.symbol,
            "quantity": str(p.quantity),
            "average_price": f"{p.average_price:.8f}",
            "mark": str(book.marks.get(p.symbol, "")),
            "unrealised": f"{p.unrealised(book.marks.get(p.symbol, p.average_price)):.8f}",
            "realised": f"{p.realised:.8f}",
        }
        for p in book.positions.values()
    ]
    if as_json:
        print_json({"positions": rows})
        return
    table(("symbol", "quantity", "average price", "mark", "unrealised", "realised"), [tuple(r.values()) for r in rows])


@broker.command("orders")
def show_orders(account: Account = "paper", home: Home = None, as_json: Json = False) -> None:
    """Orders with their fills, oldest first.

    Example: quorum broker orders
    """
    from quorum.bootstrap import open_desk
    from quorum.desk import order_facts

    desk = open_desk(home)
    desk.account_for("", account)
    found = [order_facts(o, desk.orders.fills_of(o.intent.client_order_id)) for o in desk.orders.of(account)]
    if as_json:
        print_json({"orders": found})
        return
    names = ("client_order_id", "created_at", "symbol", "side", "quantity", "filled", "status")
    table(names, [tuple(order[name] for name in names) for order in found])


@broker.command("reconcile")
def reconcile(account: Account = "paper", home: Home = None, as_json: Json = False) -> None:
    """Bring an account and its venue together by the policy of execution.yaml; ends with 1 where they differ.

    Open orders are settled and late fills booked; what nothing explains is adopted, or halts the account.

    Example: quorum broker reconcile
    """
    from quorum.bootstrap import open_desk
    from quorum.desk import books, order_facts
    from quorum.desk import trading as desk_trading
    from quorum.desk.work.telling import tell_order

    desk = open_desk(home)
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
    print_json(answer) if as_json else facts(answer)
    raise typer.Exit(0 if balanced else 1)


@broker.command("serve")
def serve(account: Account = "paper", home: Home = None) -> None:
    """Run the simulated venue of an account in this process until it is stopped.

    Example: quorum broker serve --account paper
    """
    from quorum.bootstrap import serve_broker

    server = serve_broker(home, account)
    note(f"the venue of {account} listens at {server.server_address!s}")
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        say("stopped")


def _books(home: Any, account: str) -> tuple[Any, Any]:
    from quorum.bootstrap import open_desk

    desk = open_desk(home)
    desk.account_for("", account)
    with desk.accounts.transaction(account) as transaction:
        return transaction.book(), desk
