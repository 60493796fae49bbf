"""Every indicator by its name: what it takes, what it says, and the rule behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from quorum.domain.grammar import Expression, parse
from quorum.features.formulas import codes

LONGEST = 5_000


class Kind(StrEnum):
    """What an argument may be: a value of each bar, a condition of each bar, a count of bars, a fixed number."""

    SERIES = "series"
    CONDITION = "condition"
    BARS = "bars"
    NUMBER = "number"


class Argument(NamedTuple):
    """An argument of an indicator; a count of bars is at least `least`."""

    name: str
    kind: Kind = Kind.SERIES
    least: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """An operation on one bar's values."""

    code: int


@dataclass(frozen=True, slots=True)
class Window:
    """One function of the last bars: it does not depend on where the series starts, bit for bit."""

    code: int


@dataclass(frozen=True, slots=True)
class Recursion:
    """An average that carries state; `columns` are read besides or instead of an argument."""

    code: int
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A text in the grammar over the arguments and the columns of bars."""

    formula: Expression


Rule = Cell | Window | Recursion | Written


@dataclass(frozen=True, slots=True)
class Indicator:
    """A function of the grammar: `name(arguments)`, known from `rule`."""

    name: str
    arguments: tuple[Argument, ...]
    summary: str
    rule: Rule
    condition: bool = False

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(a.name for a in self.arguments)})"


X, Y, N = Argument("x"), Argument("y"), Argument("n", Kind.BARS)
TWO = Argument("n", Kind.BARS, 2)
FAST, SLOW, TIMES = Argument("fast", Kind.BARS), Argument("slow", Kind.BARS), Argument("k", Kind.NUMBER)
TEST, LIST = Argument("test", Kind.CONDITION), (X, N)

PLAIN = (
    Indicator("abs", (X,), "x without its sign", Cell(codes.MAGNITUDE)),
    Indicator("exp", (X,), "e to the power x", Cell(codes.EXPONENTIAL)),
    Indicator("floor", (X,), "the largest whole number not above x", Cell(codes.FLOOR)),
    Indicator("log", (X,), "natural logarithm; NaN unless x > 0", Cell(codes.LOGARITHM)),
    Indicator("max", (X, Y), "the larger of the two", Cell(codes.LARGER)),
    Indicator("min", (X, Y), "the smaller of the two", Cell(codes.SMALLER)),
    Indicator("sqrt", (X,), "square root; NaN for x < 0", Cell(codes.ROOT)),
    Indicator("where", (TEST, X, Y), "x where the condition holds, else y", Cell(codes.CHOICE)),
)
WINDOWS = (
    Indicator("count", (TEST, N), "on how many of n bars the condition held", Window(codes.SUM)),
    Indicator("highest", LIST, "largest of n values", Window(codes.HIGHEST)),
    Indicator("lowest", LIST, "smallest of n values", Window(codes.LOWEST)),
    Indicator("median", LIST, "middle of n values", Window(codes.MEDIAN)),
    Indicator("rank", (X, TWO), "share of the other n - 1 values below x, 0 to 1; equal ones half", Window(codes.RANK)),
    Indicator("slope", (X, TWO), "slope per bar of the least-squares line through n values", Window(codes.SLOPE)),
    Indicator("sma", LIST, "mean of n values, rounded once; prices on a grid exactly", Window(codes.MEAN)),
    Indicator("stdev", (X, TWO), "sample standard deviation of n values (ddof=1)", Window(codes.DEVIATION)),
    Indicator("sum", LIST, "sum of n values", Window(codes.SUM)),
)
RECURSIONS = (
    Indicator("atr", (N,), "Wilder's average true range", Recursion(codes.TRUE_RANGE_MEAN, ("high", "low", "close"))),
    Indicator("ema", LIST, "exponential mean, weight 2 / (n + 1)", Recursion(codes.EXPONENTIAL_MEAN)),
    Indicator("rsi", LIST, "Wilder's relative strength index, 0 to 100", Recursion(codes.STRENGTH)),
    Indicator("wilder", LIST, "Wilder's mean, weight 1 / n", Recursion(codes.WILDER_MEAN)),
)


def _written(name: str, arguments: tuple[Argument, ...], summary: str, text: str, condition: bool = False) -> Indicator:
    return Indicator(name, arguments, summary, Written(parse(text)), condition)


WRITTEN = (
    _written("bollinger_lower", (X, TWO, TIMES), "k deviations below the mean", "sma(x, n) - k * stdev(x, n)"),
    _written("bollinger_upper", (X, TWO, TIMES), "k deviations above the mean", "sma(x, n) + k * stdev(x, n)"),
    _written("change", (X,), "x less its value one bar ago", "x - x[1]"),
    _written("cross_above", (X, Y), "x is above y and was not a bar ago", "x > y and x[1] <= y[1]", True),
    _written("cross_below", (X, Y), "x is below y and was not a bar ago", "x < y and x[1] >= y[1]", True),
    _written("donchian_lower", (N,), "lowest low of the n bars before this one", "lowest(low, n)[1]"),
    _written("donchian_upper", (N,), "highest high of the n bars before this one", "highest(high, n)[1]"),
    _written("macd", (X, FAST, SLOW), "fast less slow exponential mean", "ema(x, fast) - ema(x, slow)"),
    _written("mean_volume", (N,), "mean volume of n bars", "sma(volume, n)"),
    _written("momentum", LIST, "x less its value n bars ago", "x - x[n]"),
    _written("roc", LIST, "return over n bars, a fraction", "x / x[n] - 1"),
    _written(
        "true_range",
        (),
        "largest of high - low and the distances of high and low from the last close",
        "max(high - low, max(abs(high - close[1]), abs(low - close[1])))",
    ),
    _written("volatility", (X, TWO), "sample deviation of n log returns, per bar", "stdev(log(x / x[1]), n)"),
    _written(
        "vwap",
        (N,),
        "mean of (high + low + close) / 3 over n bars, weighted by volume",
        "sum((high + low + close) / 3 * volume, n) / sum(volume, n)",
    ),
    _written("zscore", (X, TWO), "deviations of x from the mean of n values", "(x - sma(x, n)) / stdev(x, n)"),
)

INDICATORS: Mapping[str, Indicator] = {
    i.name: i for i in sorted((*PLAIN, *WINDOWS, *RECURSIONS, *WRITTEN), key=lambda i: i.name)
}
