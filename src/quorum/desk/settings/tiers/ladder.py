"""The ladder and the terms of portfolio mode, as a workspace's files have them."""

from __future__ import annotations

from pathlib import Path

from quorum.desk.settings.reading import read_settings
from quorum.desk.settings.tiers.portfolio import PORTFOLIO_FILE, DeployedSection, PortfolioFile
from quorum.desk.settings.tiers.protocol import PROTOCOL_FILE, ProtocolFile
from quorum.desk.settings.tiers.table import TIERS_FILE, TierSection, TiersFile
from quorum.desk.settings.tiers.thresholds import THRESHOLDS_FILE, ThresholdsFile
from quorum.domain import ConfigError
from quorum.validation.gates import Weight
from quorum.validation.ladder.portfolio import PortfolioTerms
from quorum.validation.ladder.tier import Ladder, Rung, Tier


def read_ladder(config: Path) -> Ladder:
    """The ladder as the files below `config` have it, defaults where they are silent; ConfigError as of any file."""
    tiers = read_settings(config / TIERS_FILE, TiersFile).tiers
    thresholds = read_settings(config / THRESHOLDS_FILE, ThresholdsFile)
    protocol = read_settings(config / PROTOCOL_FILE, ProtocolFile)
    rungs = tuple(_rung(tier, getattr(tiers, tier), thresholds, protocol) for tier in protocol.tiers)
    _refuse_empty(config / TIERS_FILE, rungs)
    return Ladder(rungs, protocol.method(thresholds.composite.weights()), protocol.critic_rounds)


def read_portfolio(config: Path) -> PortfolioTerms:
    """What portfolio mode asks for."""
    return read_settings(config / PORTFOLIO_FILE, PortfolioFile).terms()


def read_deployed(config: Path) -> DeployedSection:
    """What deployed strategies may take of their book."""
    return read_settings(config / PORTFOLIO_FILE, PortfolioFile).deployed


def _rung(tier: Tier, section: TierSection, thresholds: ThresholdsFile, protocol: ProtocolFile) -> Rung:
    return Rung(
        tier,
        getattr(protocol.years, tier),
        section.universe == "all",
        None if section.variants == "sweep" else section.variants,
        getattr(protocol.budget_seconds, tier),
        getattr(protocol.memory_mb, tier),
        tuple(row.gate(thresholds) for row in section.gates),
    )


def _refuse_empty(path: Path, rungs: tuple[Rung, ...]) -> None:
    """A tier that asks for nothing would let everything through."""
    for rung in rungs:
        if not any(gate.weight is Weight.GATE for gate in rung.gates):
            remedy = f"give it one of kind gate, or leave {rung.tier} out of tiers in {PROTOCOL_FILE}"
            raise ConfigError(f"{path}: tier {rung.tier} has no gate", remedy)
