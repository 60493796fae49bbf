"""What the lake says about an import of funding rates, and about the state of a series of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quorum.lake.funding.quality import FundingFindings
from quorum.lake.funding.rates import FundingInfo
from quorum.lake.reports import Skipped


@dataclass(frozen=True, slots=True)
class FundingTaken:
    """What an import did to one symbol's rates; `gaps` and `missing` settlements are those after it."""

    series: FundingInfo
    rows_added: int
    revised: int
    duplicates: int
    quarantined: int
    reasons: Mapping[str, int]
    findings: FundingFindings


@dataclass(frozen=True, slots=True)
class FundingReport:
    """What an import of funding did, symbol by symbol; the files that were read and those passed over."""

    symbols: tuple[FundingTaken, ...]
    files: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class FundingCheck:
    """The state of a symbol's rates, as CheckReport is that of its bars."""

    series: FundingInfo
    findings: FundingFindings | None
    quarantined: Mapping[str, int]
    tampered: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether every file is as it was written, and readable."""
        return not self.tampered and self.findings is not None
