"""The files of the tiers: the table, its thresholds, portfolio mode, and the protocol.

Promise: one number stands in one file; a tier without a gate is refused; defaults are the specification's.
In: config/. Out: a Ladder, PortfolioTerms, the files as they are made.
Neighbours: `validation.ladder` owns what the values mean.
"""

from collections.abc import Callable, Mapping

from quorum.desk.settings.tiers.ladder import read_deployed, read_ladder, read_portfolio
from quorum.desk.settings.tiers.portfolio import PORTFOLIO_FILE, PORTFOLIO_YAML, DeployedSection, PortfolioFile
from quorum.desk.settings.tiers.protocol import PROTOCOL_FILE, PROTOCOL_YAML, ProtocolFile
from quorum.desk.settings.tiers.table import TIERS_FILE, TiersFile, tiers_yaml
from quorum.desk.settings.tiers.thresholds import THRESHOLDS_FILE, THRESHOLDS_YAML, ThresholdsFile

FILES: Mapping[str, Callable[[], str]] = {
    TIERS_FILE: tiers_yaml,
    THRESHOLDS_FILE: lambda: THRESHOLDS_YAML,
    PORTFOLIO_FILE: lambda: PORTFOLIO_YAML,
    PROTOCOL_FILE: lambda: PROTOCOL_YAML,
}
"""What makes the text of each file."""

__all__ = [
    "FILES",
    "PORTFOLIO_FILE",
    "PORTFOLIO_YAML",
    "PROTOCOL_FILE",
    "PROTOCOL_YAML",
    "THRESHOLDS_FILE",
    "THRESHOLDS_YAML",
    "TIERS_FILE",
    "DeployedSection",
    "PortfolioFile",
    "ProtocolFile",
    "ThresholdsFile",
    "TiersFile",
    "read_deployed",
    "read_ladder",
    "read_portfolio",
    "tiers_yaml",
]
