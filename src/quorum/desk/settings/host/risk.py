"""knowledge/risk-parameters.yaml: a host's limits of the crypto book; of two limits on one thing the stricter holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from quorum.desk.settings.reading import read_settings
from quorum.desk.settings.sections import Number
from quorum.desk.settings.trading import RiskFile

HOST_BOOK = "crypto"
"""The book that a host's limits are of."""
FILE = "knowledge/risk-parameters.yaml"


def _keys(value: Any) -> Any:
    return {} if value is None else value


class _Section(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


Part = Annotated[Number | None, Field(gt=0, le=1)]


class BookSection(_Section):
    """What a host lets all strategies take together, fractions of the book's equity."""

    max_deployed_pct: Part = None
    max_correlated_exposure_pct: Part = None


class StrategySection(_Section):
    """What a host lets one strategy take: fractions of the book's equity, and a multiple of it for the leverage."""

    max_allocation_pct: Part = None
    max_leverage: Annotated[Number | None, Field(gt=0)] = None
    default_risk_per_trade: Part = None


class HostRisk(_Section):
    """A host's limits, as far as it says any."""

    portfolio: Annotated[BookSection, BeforeValidator(_keys)] = BookSection()
    per_strategy: Annotated[StrategySection, BeforeValidator(_keys)] = StrategySection()

    def book(self, risk: RiskFile) -> RiskFile:
        """The books of risk.yaml, the host's one with the stricter limit of both files."""
        ours = risk.books.get(HOST_BOOK)
        if ours is None:
            return risk
        theirs = {
            "max_position": self.per_strategy.max_allocation_pct,
            "max_deployed": self.portfolio.max_deployed_pct,
            "risk_per_trade": self.per_strategy.default_risk_per_trade,
            "max_cluster": self.portfolio.max_correlated_exposure_pct,
        }
        said = {name: Decimal(str(value)) for name, value in theirs.items() if value is not None}
        least = {name: min(value, getattr(ours, name)) for name, value in said.items()}
        if not least:
            return risk
        return risk.model_copy(update={"books": {**risk.books, HOST_BOOK: ours.model_copy(update=least)}})

    def deployed(self, terms: Mapping[str, float]) -> dict[str, float]:
        """What deployed strategies may take, by our names, with the stricter limit of both files."""
        theirs = {
            "max_allocation": self.per_strategy.max_allocation_pct,
            "max_deployed": self.portfolio.max_deployed_pct,
            "max_correlated": self.portfolio.max_correlated_exposure_pct,
            "max_leverage": self.per_strategy.max_leverage,
        }
        return {**terms, **{name: min(terms[name], value) for name, value in theirs.items() if value is not None}}

    def stricter(self, risk: RiskFile) -> Iterator[str]:
        """Which limits of risk.yaml do not hold, because the host's are stricter, in words."""
        for name, book in risk.books.items():
            held = self.book(risk).books[name]
            for limit in ("max_position", "max_deployed", "risk_per_trade", "max_cluster"):
                ours, least = getattr(book, limit), getattr(held, limit)
                if least < ours:
                    yield f"{limit} of book {name} is {least} by {FILE}, not {ours}"


def read_host_risk(home: Path) -> HostRisk:
    """The limits of a host's risk-parameters.yaml in a workspace, none where there is no such file.

    ConfigError at the line of a limit that is none: it is not passed over.
    """
    path = home / FILE
    return read_settings(path, HostRisk) if path.exists() else HostRisk()
