"""What one currency is worth in another: rates on record, the inverse of one, or a way over a third currency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from quorum.domain import HOUR, UsageError, iso


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `base` is `rate` units of `quote` at `time` (ns UTC), as `source` says.

    UsageError for a rate that is no positive number, or is of one currency.
    """

    base: str
    quote: str
    rate: Decimal
    time: int
    source: str

    def __post_init__(self) -> None:
        if not (self.rate.is_finite() and self.rate > 0) or self.base == self.quote:
            raise UsageError(
                f"a rate of {self.rate} {self.quote} for one {self.base} makes no sense",
                "give a number above 0 and two currencies",
            )

    @property
    def inverse(self) -> Rate:
        return Rate(self.quote, self.base, 1 / self.rate, self.time, self.source)


def found_rate(known: Iterable[Rate], pair: tuple[str, str], seen: tuple[int, float]) -> Rate | str:
    """The rate of a pair from the newest ones that are known, or in words why there is none.

    `seen` is the present instant (ns UTC) and the most hours that a rate may be old. One on record comes before its
    inverse, and both before a way over a third currency, whose time is the older one.
    """
    base, quote = pair
    if base == quote:
        raise UsageError(f"{base} needs no rate in {quote}", "give two currencies")
    rates = {(rate.base, rate.quote): rate for rate in known}
    ways = list(_ways(rates, base, quote))
    fresh = [rate for rate in ways if rate.time >= seen[0] - seen[1] * HOUR]
    if fresh:
        return fresh[0]
    if not ways:
        return f"there is no rate of {base} in {quote}: `quorum account rate {base} {quote}` records one"
    latest = max(ways, key=lambda rate: rate.time)
    return f"the rate of {base} in {quote} is of {iso(latest.time)}, older than {seen[1]:g} hours"


def _ways(rates: Mapping[tuple[str, str], Rate], base: str, quote: str) -> Iterator[Rate]:
    both = {**{(q, b): rate.inverse for (b, q), rate in rates.items()}, **rates}
    if (base, quote) in both:
        yield both[base, quote]
    for (first, over), rate in sorted(both.items()):
        if first == base and over != quote and (over, quote) in both:
            onward = both[over, quote]
            source = f"{rate.source}, {onward.source}"
            yield Rate(base, quote, rate.rate * onward.rate, min(rate.time, onward.time), source)
