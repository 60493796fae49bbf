"""Funding: what the longs of a perpetual paid the shorts, settlement by settlement, every revision of it.

Promise: a settlement is stored once, checked against its schedule, and joined to the bars in which it was known.
In: Parquet and CSV files of rates. Out: Funding, Bars with their `funding`; FundingReport, FundingCheck.
Neighbours: `quorum.lake` alone imports this; it stands on the lake's disk and tables, beside its bars.
"""

from quorum.lake.funding.quality import FundingFindings, StrangeRate
from quorum.lake.funding.rates import Funding, FundingInfo, with_funding
from quorum.lake.funding.reports import FundingCheck, FundingReport, FundingTaken
from quorum.lake.funding.store import FundingStore

__all__ = [
    "Funding",
    "FundingCheck",
    "FundingFindings",
    "FundingInfo",
    "FundingReport",
    "FundingStore",
    "FundingTaken",
    "StrangeRate",
    "with_funding",
]
