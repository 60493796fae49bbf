"""Commands around accounts: opened, paid into, converted, and told in statements."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quorum.domain import UsageError, iso, parse_instant
from quorum.surfaces.cli.show import Home, Json, facts, print_json, say, table, takes

if TYPE_CHECKING:
    from quorum.desk.trading.accounting import Moved

account = typer.Typer(help="Accounts, and the money in them.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(help="An account of config/accounts.yaml.")]
Amount = Annotated[str, typer.Argument(help="How much.")]
Since = Annotated[str | None, typer.Option("--from", help="The first instant; else since it was opened.")]
Until = Annotated[str | None, typer.Option("--to", help="The instant before which it ends; else all.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the entries here, a line a posting.")]


@dataclass(frozen=True, slots=True)
class NewAccount:
    """The options of `quorum account add`."""

    name: Annotated[str, typer.Argument(help="The name of the new account.")]
    book: Annotated[str, typer.Option(help="The book whose limits hold, as in config/risk.yaml.")]
    currency: Annotated[str, typer.Option(help="The currency in which it is kept.")]
    cash: Annotated[str, typer.Option(help="The cash paid in when it is opened.")]
    venue: Annotated[str, typer.Option(help="Where it trades: simulated or alpaca.")] = "simulated"
    host: Annotated[str | None, typer.Option(help="paper, live, or http://127.0.0.1:PORT of `quorum sim`.")] = None
    keys: Annotated[str | None, typer.Option(help="Where its keys are: env, keyring:SERVICE or file:PATH.")] = None
    live: Annotated[bool, typer.Option(help="It trades with real money.")] = False
    home: Home = None
    as_json: Json = False


@account.command("add")
@takes(NewAccount)
def add(options: NewAccount) -> None:
    """Add an account to config/accounts.yaml; it is opened when it is first used.

    Example: quorum account add second --book crypto --currency USDT --cash 5000
    """
    from quorum.bootstrap import open_workspace
    from quorum.desk.trading.accounting import add_account

    given: dict[str, Any] = {
        "book": options.book,
        "currency": options.currency,
        "cash": _written(_number("--cash", options.cash)),
        "venue": None if options.venue == "simulated" else options.venue,
        "host": options.host,
        "keys": options.keys,
        "live": options.live or None,
    }
    add_account(open_workspace(options.home), options.name, given)
    kept = {"account": options.name, **{name: value for name, value in given.items() if value is not None}}
    print_json(kept) if options.as_json else facts({**kept, "cash": str(kept["cash"])})


@account.command("list")
def list_accounts(home: Home = None, as_json: Json = False) -> None:
    """List the configured accounts, and what they are worth together.

    Example: quorum account list
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.trading.accounting import told, total
    from quorum.desk.trading.accounting.sheets import digits

    desk = open_desk(home)
    found, configured = total(desk), desk.settings.accounts.accounts
    known = [
        {
            "account": worth.account,
            "book": configured[worth.account].book,
            "venue": configured[worth.account].venue,
            "live": configured[worth.account].live,
            "currency": worth.currency,
            "cash": str(configured[worth.account].cash),
            "opened": worth.book is not None,
            "equity": digits(worth.equity),
            "reported": None if worth.reported is None else digits(worth.reported),
            "foreign": {} if worth.book is None else {n: f"{a:f}" for n, a in worth.book.foreign.items()},
        }
        for worth in found.accounts
    ]
    if as_json:
        print_json({"accounts": known, **told(found)})
        return
    names = ("account", "book", "venue", "live", "currency", "cash", "opened", "equity", "reported")
    table(names, [tuple(row[name] for name in names) for row in known])
    say(f"total: {'-' if found.amount is None else f'{found.amount:,.2f}'} {found.currency}")
    for why in found.lacking:
        say(why)


@account.command("fund")
def fund(
    name: Name,
    amount: Amount,
    out: Annotated[bool, typer.Option("--out", help="Pay out instead of in.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Pay capital into an account, or out of it, in its currency.

    Example: quorum account fund paper 1000
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.trading import accounting

    desk, money = open_desk(home), _number("AMOUNT", amount)
    if money <= 0:
        raise UsageError(f"{amount} is no amount", "give a number above 0, with --out to pay out")
    _tell([accounting.fund(desk, name, -money if out else money)], as_json)


@account.command("transfer")
def transfer(
    source: Annotated[str, typer.Argument(help="The account that gives.")],
    target: Annotated[str, typer.Argument(help="The account that gets.")],
    amount: Amount,
    currency: Annotated[str | None, typer.Option(help="The currency; else that of the account that gives.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Move cash from one account to another, in one step.

    Example: quorum account transfer paper second 500
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.trading import accounting
    from quorum.domain import Money

    desk = open_desk(home)
    desk.account_for("", source)
    chosen = _currency(currency) if currency else desk.settings.accounts.accounts[source].currency
    money = Money(_number("AMOUNT", amount), chosen)
    _tell(accounting.transfer(desk, (source, target), money), as_json)


@dataclass(frozen=True, slots=True)
class Conversion:
    """The options of `quorum account convert`."""

    name: Name
    amount: Amount
    sold: Annotated[str, typer.Argument(metavar="FROM", help="The currency given.")]
    into: Annotated[str, typer.Argument(metavar="TO", help="The currency got.")]
    rate: Annotated[str | None, typer.Option(help="Units of TO for one of FROM; else the rate on record.")] = None
    source: Annotated[str | None, typer.Option(help="Who says so; needed with --rate.")] = None
    home: Home = None
    as_json: Json = False


@account.command("convert")
@takes(Conversion)
def convert(options: Conversion) -> None:
    """Change cash of an account into another currency; the rate and its source are kept.

    Example: quorum account convert paper 100 USDT USD --rate 0.9998 --source bank
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.trading import accounting
    from quorum.domain import Money

    given = None
    if options.rate is not None:
        if not options.source:
            raise UsageError("a rate needs its source", "name it with --source")
        given = (_number("--rate", options.rate), options.source)
    sold = Money(_number("AMOUNT", options.amount), _currency(options.sold))
    moved = accounting.convert(open_desk(options.home), options.name, sold, _currency(options.into), given)
    _tell([moved], options.as_json)


@account.command("rate")
def rate(
    base: Annotated[str, typer.Argument(help="The currency of which one unit is priced.")],
    quote: Annotated[str, typer.Argument(help="The currency of the price.")],
    price: Annotated[str | None, typer.Argument(metavar="RATE", help="Records a rate; else the one in use.")] = None,
    source: Annotated[str, typer.Option(help="Who says so.")] = "by hand",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Record what one currency is worth in another, or show the rate in use.

    Example: quorum account rate USDT USD 0.9998 --source bank
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.trading import accounting

    desk, pair = open_desk(home), (_currency(base), _currency(quote))
    now = desk.clock.now()
    if price is not None:
        accounting.record_rate(desk, pair, (_number("RATE", price), source))
        now = desk.clock.now()
    found = accounting.rate_of(desk, pair, now)
    lines = {"base": found.base, "quote": found.quote, "rate": f"{found.rate:f}", "time": iso(found.time)}
    shown = {**lines, "source": found.source}
    print_json(shown) if as_json else facts(shown)


@dataclass(frozen=True, slots=True)
class Earning:
    """The options of `quorum account income`."""

    name: Name
    kind: Annotated[str, typer.Argument(help="dividend, interest or perpetual_funding.")]
    amount: Annotated[str, typer.Argument(help="What came in; behind -- a negative one, which was paid.")]
    symbol: Annotated[str | None, typer.Option(help="The symbol held; it goes to its holders, pro rata.")] = None
    currency: Annotated[str | None, typer.Option(help="The currency; else the account's.")] = None
    home: Home = None
    as_json: Json = False


@account.command("income")
@takes(Earning)
def income(options: Earning) -> None:
    """Book what holding brought or cost: a dividend, interest, a perpetual's funding.

    Example: quorum account income paper-usd dividend 12.40 --symbol AAPL
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.trading import accounting
    from quorum.domain import Money
    from quorum.execution import Income

    if options.kind not in list(Income):
        raise UsageError(f"there is no income {options.kind!r}", f"choose one of {', '.join(Income)}")
    desk = open_desk(options.home)
    desk.account_for("", options.name)
    currency = options.currency or desk.settings.accounts.accounts[options.name].currency
    money = Money(_number("AMOUNT", options.amount), _currency(currency))
    _tell([accounting.earn(desk, options.name, Income(options.kind), money, options.symbol or "")], options.as_json)


@account.command("split")
def split(
    name: Name,
    symbol: Annotated[str, typer.Argument(help="The symbol that was split.")],
    ratio: Annotated[str, typer.Argument(help="New units for an old one: 4, or 0.1.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Book a split: every holder's units change, what they cost does not.

    Example: quorum account split paper-usd AAPL 4
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.trading import accounting

    _tell([accounting.split_units(open_desk(home), name, symbol, _number("RATIO", ratio))], as_json)


@account.command("statement")
def statement(
    name: Name, since: Since = None, until: Until = None, sheet: Csv = None, home: Home = None, as_json: Json = False
) -> None:
    """What an account had, did and made in a span of time: by strategy and symbol, dust apart.

    Example: quorum account statement paper --from 2026-01-01 --csv paper.csv
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.trading import accounting

    desk = open_desk(home)
    begin, end = (None if text is None else parse_instant(text) for text in (since, until))
    shown = accounting.statement_of(desk, name, begin or 0, end)
    if sheet is not None:
        _write(sheet, accounting.sheet(shown.entries))
    told = accounting.statement_facts(desk, shown)
    if as_json:
        print_json(told)
        return
    facts({"account": name, **{when: _amounts(told[when]) or "-" for when in ("opening", "closing")}})
    columns = ("owner", "symbol", "quantity", "cost", "realised", "unrealised", "fees", "fees_in_kind", "income", "net")
    for title, lines in (("profit", told["profit"]), ("dust", told["dust"])):
        rows = [{**line, "fees": _amounts(line["fees"]), "income": _amounts(line["income"])} for line in lines]
        table(columns, [tuple(row[column] for column in columns) for row in rows], title)
    names = ("sequence", "time", "kind", "reference")
    table(names, [tuple(entry[column] for column in names) for entry in told["entries"]], "entries")


@account.command("export")
def export(sheet: Csv = None, home: Home = None, as_json: Json = False) -> None:
    """The whole ledger of every account as CSV, a line a posting.

    Example: quorum account export --csv ledger.csv
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.trading import accounting

    text = accounting.export(open_desk(home))
    if sheet is not None:
        _write(sheet, text)
    lines = {"file": None if sheet is None else str(sheet), "postings": text.count("\n") - 1}
    if as_json:
        print_json(lines)
    elif sheet is None:
        say(text.rstrip("\n"))
    else:
        facts(lines)


def _tell(moved: Any, as_json: bool) -> None:
    found: list[Moved] = list(moved)
    lines = [
        {"account": m.account, "reference": m.reference, "cash": {n: f"{a:f}" for n, a in m.cash.items()}}
        for m in found
    ]
    if as_json:
        print_json({"booked": lines})
        return
    for line in lines:
        facts({**line, "cash": _amounts(line["cash"]) or "-"})


def _amounts(amounts: Any) -> str:
    return ", ".join(f"{amount} {name}" for name, amount in amounts.items())


def _number(name: str, text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise UsageError(f"{name} {text} is no number", "write it as 1000.50")
    return found


def _written(number: Decimal) -> int | float | str:
    """A number as YAML has it; as text where a float would not be the same."""
    if number == number.to_integral_value():
        return int(number)
    return float(number) if Decimal(str(float(number))) == number else str(number)


def _currency(name: str) -> str:
    if not (name.isalnum() and name.isupper() and 2 <= len(name) <= 10):
        raise UsageError(f"{name!r} is no currency", "write it as USDT or USD")
    return name


def _write(path: Path, text: str) -> None:
    from quorum.desk.workspace import write_text

    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file with --csv")
    write_text(path, text)
