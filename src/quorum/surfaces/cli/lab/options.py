"""What the commands of the lab have in common: which bars, and on what terms they are traded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json

Length = Annotated[str, typer.Option("--timeframe", help="Length of a bar: 1m, 1h, 1d.")]
Venue = Annotated[str | None, typer.Option("--venue", help="When several venues have the symbol.")]
MOST_VALUES = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Trading:
    """Bars of the lake and the terms of a backtest; every command of the lab takes these."""

    symbol: Annotated[
        list[str], typer.Option("--symbol", help="As imported: BTCUSDT, or BTCUSDT.binance; several for a portfolio.")
    ]
    timeframe: Length
    venue: Venue = None
    since: Annotated[str | None, typer.Option(help="First instant, as 2020-01-01.")] = None
    until: Annotated[str | None, typer.Option(help="End, not included.")] = None
    sizing: Annotated[str, typer.Option(help="What a target of 1 is: weight, cash, units, volatility, atr.")] = "weight"
    size: Annotated[float, typer.Option(help="Size of that: a fraction of equity, or units.")] = 1.0
    fill: Annotated[
        str, typer.Option(help="next_open, next_open_presized, next_close, next_vwap, volume_capped or same_close.")
    ] = "next_open"
    fee_bps: Annotated[float, typer.Option(help="Fee, in basis points of notional.")] = 10.0
    maker_bps: Annotated[float | None, typer.Option(help="Fee of a limit inside a bar; else that of --fee-bps.")] = None
    fee_per_unit: Annotated[float, typer.Option(help="Fee for each unit, in the quote currency.")] = 0.0
    minimum_fee: Annotated[float, typer.Option(help="Least fee of a fill, in the quote currency.")] = 0.0
    slippage_bps: Annotated[float, typer.Option(help="Slippage, in basis points of price.")] = 0.0
    impact: Annotated[float, typer.Option(help="Square-root impact: about 1; 0 for none.")] = 0.0
    borrow_rate: Annotated[float, typer.Option(help="What holding short costs a year, as 0.03.")] = 0.0
    volume_share: Annotated[float, typer.Option(help="Share of a bar's volume that volume_capped takes.")] = 0.1
    equity: Annotated[float, typer.Option(help="Starting equity.")] = 100_000.0
    home: Home = None
    as_json: Json = False


def terms_of(asked: Trading) -> Any:
    """The terms that were asked for."""
    from quorum.engine import Terms

    return Terms(
        fee_bps=asked.fee_bps,
        slippage_bps=asked.slippage_bps,
        sizing=asked.sizing,
        size=asked.size,
        starting_equity=asked.equity,
        fill=asked.fill,
        maker_bps=asked.maker_bps,
        fee_per_unit=asked.fee_per_unit,
        minimum_fee=asked.minimum_fee,
        impact=asked.impact,
        borrow_rate=asked.borrow_rate,
        volume_share=asked.volume_share,
    )


def series_of(lake: Any, asked: Trading) -> list[Any]:
    """The bars of each symbol in the period; DataError for a symbol that has none there."""
    from quorum.domain import Timeframe, parse_instant

    length = Timeframe.parse(asked.timeframe)
    since, until = (None if text is None else parse_instant(text) for text in (asked.since, asked.until))
    named = [name for text in asked.symbol for name in text.split(",") if name]
    return [_period(lake.bars(name, length, asked.venue), since, until) for name in named]


def bars_of(lake: Any, asked: Trading, strategy: Any) -> Any:
    """What the strategy takes: a panel of all symbols for a portfolio, else the bars of the one symbol."""
    from quorum.domain import UsageError
    from quorum.lake import Panel
    from quorum.signals import is_portfolio

    series = series_of(lake, asked)
    if is_portfolio(strategy):
        return Panel.of(series)
    if len(series) != 1:
        raise UsageError(f"{strategy.name} takes one symbol, not {len(series)}", "backtest them one by one")
    return series[0]


def refuse_foresight(rule: Any, bars: Any, params: Mapping[str, object]) -> None:
    """InvalidSignal for a strategy from outside that is seen to look ahead, before anything of it is counted."""
    from quorum.signals import is_ours

    if not is_ours(rule):
        from quorum.validation import refuse_foresight as refuse

        refuse(rule, bars, params)


def read_axes(pairs: Sequence[str]) -> Mapping[str, Sequence[object]] | None:
    """The values to try by parameter: `fast=5,10,20` or `fast=5:50:5` (the end included); None without any pair.

    UsageError for a text that is neither.
    """
    from quorum.domain import UsageError

    axes: dict[str, Sequence[object]] = {}
    for pair in pairs:
        name, found, text = pair.partition("=")
        if not found or not text:
            raise UsageError(f"parameter {pair!r} has no values", "write --param NAME=5,10,20 or NAME=5:50:5")
        axes[name] = _range(pair, text) if ":" in text else [v for v in text.split(",") if v]
    return axes or None


def _range(pair: str, text: str) -> Sequence[object]:
    from decimal import Decimal, InvalidOperation
    from math import floor

    from quorum.domain import UsageError

    try:
        first, last, step = (Decimal(part) for part in text.split(":"))
        count = max(0, floor((last - first) / step) + 1)
    except (InvalidOperation, ValueError, ArithmeticError):
        raise UsageError(f"parameter {pair!r} is no range", "write FIRST:LAST:STEP, as fast=5:50:5") from None
    if not 0 < count <= MOST_VALUES:
        raise UsageError(f"parameter {pair!r} has {count:,} values", f"give 1 to {MOST_VALUES:,}")
    return [str(first + step * k) for k in range(count)]


def _period(bars: Any, since: int | None, until: int | None) -> Any:
    from quorum.domain import DataError, iso

    cut = bars.between(since, until)
    if len(cut) == 0:
        have = f"{iso(int(bars.time[0]))} to {iso(int(bars.time[-1]))}" if len(bars) else "nothing"
        raise DataError(f"{bars.symbol} {bars.timeframe} has no bars in this period", f"the lake has {have}")
    return cut
