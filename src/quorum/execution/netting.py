"""Several strategies and one order: what crosses inside the house, and whose the fills are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from quorum.domain import ZERO, Part


@dataclass(frozen=True, slots=True)
class Cross:
    """`quantity` of a symbol goes from `seller` to `buyer`, both strategies of one account, without an order."""

    buyer: str
    seller: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Net:
    """What is left for the venue, all of it of one sign, and what crosses inside."""

    parts: tuple[Part, ...]
    crosses: tuple[Cross, ...]

    @property
    def change(self) -> Decimal:
        """The signed quantity of the order, 0 for none."""
        return sum((part.quantity for part in self.parts), ZERO)


def net(changes: Mapping[str, Decimal]) -> Net:
    """One order's worth of what strategies want to change of a symbol, signed, by strategy.

    Who wants the rarer side crosses wholly with those who want the other, in the order of their names, so that the
    account never trades with itself.
    """
    buys = {name: change for name, change in sorted(changes.items()) if change > 0}
    sells = {name: -change for name, change in sorted(changes.items()) if change < 0}
    crosses = []
    for seller in sells:
        for buyer in buys:
            quantity = min(sells[seller], buys[buyer])
            if quantity:
                crosses.append(Cross(buyer, seller, quantity))
                sells[seller] -= quantity
                buys[buyer] -= quantity
    left = [*buys.items(), *((name, -quantity) for name, quantity in sells.items())]
    return Net(tuple(Part(name, quantity) for name, quantity in left if quantity), tuple(crosses))


def shares(parts: Sequence[Part], had: Mapping[str, Decimal], filled: Decimal, fill: Decimal) -> dict[str, Decimal]:
    """Whose a fill of `fill` units is, pro rata to the parts, signed as they are; they add up to it exactly.

    `had` is what each has had of the `filled` units before. In steps of the smallest digit that is used; what does
    not divide goes to those who are furthest behind, so that nobody is ever a step or more off.
    """
    whole = sum((abs(part.quantity) for part in parts), ZERO)
    step = _step((fill, filled, *(part.quantity for part in parts)))
    due = {p.strategy_id: abs(p.quantity) * (filled + fill) / whole - abs(had.get(p.strategy_id, ZERO)) for p in parts}
    given = {name: max(ZERO, amount.quantize(step, ROUND_DOWN)) for name, amount in due.items()}
    while rest := fill - sum(given.values(), ZERO):
        names = due if rest > 0 else [name for name in due if given[name]]
        behind = sorted(names, key=lambda name: (given[name] - due[name], name))
        given[behind[0] if rest > 0 else behind[-1]] += step if rest > 0 else -step
    sign = 1 if parts[0].quantity > 0 else -1
    return {name: sign * quantity for name, quantity in given.items() if quantity}


def _step(numbers: Iterable[Decimal]) -> Decimal:
    exponents = (number.as_tuple().exponent for number in numbers)
    return Decimal(1).scaleb(min(e for e in exponents if isinstance(e, int)))
