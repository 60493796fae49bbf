"""The data collector and the orchestrator: another source of the same bars, or fewer of them."""

from __future__ import annotations

from quorum.engine import Terms
from quorum.engine.appraisal.quality import Oddity, data_quality
from quorum.lake import Bars
from quorum.signals import is_portfolio
from quorum.stats.performance import periods_per_year
from quorum.validation.ladder.lot import days_of
from quorum.validation.repair.agents.found import nothing
from quorum.validation.repair.case import Case
from quorum.validation.repair.fix import Change, Fix, Proposal
from quorum.validation.repair.ground import Site

SHORTER = 0.6
_BAD = ((Oddity.GAPS,), (Oddity.OUTLIERS, Oddity.SPLITS), (Oddity.STALE,))


def use_alternate_source(case: Case, site: Site) -> Proposal:
    """The other venue of the same series whose bars are the cleanest over the tier's days, if it is cleaner."""
    rung, idea = site.rung(case), case.idea
    many = rung.whole_universe or is_portfolio(site.strategy(idea))
    symbols = idea.symbols if many else idea.symbols[:1]
    here = idea.venue or case.data.get("venue")
    venues = [v for v in _venues(site, idea.timeframe, symbols) if v != here]
    if not venues:
        return nothing(case, f"no other source has {', '.join(symbols)}")
    held = {venue: site.bars(idea, symbols, venue) for venue in (here, *venues) if venue is not None}
    graded = {venue: _grade(bars, rung.years) for venue, bars in held.items() if len(bars) == len(symbols)}
    best = min((v for v in venues if v in graded), key=lambda v: (graded[v], v), default=None)
    if best is None or (here in graded and graded[best] >= graded[here]):
        return nothing(case, f"no other source is cleaner: {', '.join(venues)}")
    why = f"{best} has {graded[best]:.2%} of its bars missing, leaping or standing still"
    if here in graded:
        why += f", {here} {graded[here]:.2%}"
    return Fix(case.agent, "use_alternate_source", why, {}, {"venue": best}, (Change("data.venue", here, best),))


def reduce_data_window(case: Case, site: Site) -> Proposal:
    """Six tenths of the tier's days, but never fewer than its windows take."""
    rung, idea = site.rung(case), case.idea
    series = site.bars(idea, idea.symbols[:1])
    if not series:
        return nothing(case, "there are no bars to look at")
    wished = rung.days(periods_per_year(series[0].time))
    fewest = site.ladder.method.fewest_days if rung.variants is None else 1
    days = max(round(SHORTER * wished), fewest)
    if days >= wished:
        return nothing(case, f"{rung.tier} needs all of its {wished} days")
    why = f"{days} of {wished} days take less time; the pass is provisional until all of them were run"
    return Fix(case.agent, "reduce_data_window", why, {}, {"days": days}, (Change("data.days", wished, days),))


def _venues(site: Site, timeframe: str, symbols: tuple[str, ...]) -> list[str]:
    """The venues that have all of the symbols."""
    found = [
        {venue for name, venue, length in site.series if (name, length) == (symbol, timeframe)} for symbol in symbols
    ]
    return sorted(set.intersection(*found)) if found else []


def _grade(series: tuple[Bars, ...], years: float) -> float:
    """The worst share of bad bars of any kind in any of the series, over the newest years."""
    worst = 0.0
    for bars in series:
        days = days_of(bars, 0)
        wished = round(years * periods_per_year(bars.time))
        cut = bars.between(int(days[-min(wished, len(days))]), None)
        seen = data_quality(cut, Terms())
        shares = (sum(seen.count(oddity) for oddity in kind) / len(cut) for kind in _BAD)
        worst = max(worst, *shares)
    return worst
