"""The files of the strategy's life, which are read when they are needed and made with a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quorum.desk.settings.meeting import MEETING_FILE, MEETING_YAML, MeetingFile
from quorum.desk.settings.reading import read_settings
from quorum.desk.settings.retry import FIXABLE_FILE, FIXABLE_YAML, RETRY_FILE, RETRY_YAML, read_retry
from quorum.desk.settings.tiers import FILES, read_ladder, read_portfolio
from quorum.desk.settings.validation import PARALLEL_FILE, PARALLEL_YAML, ValidationFile


def life_files() -> Mapping[str, str]:
    """The text of each file as it is made, by its name below config/."""
    tiers = {name: make() for name, make in FILES.items()}
    others = {RETRY_FILE: RETRY_YAML, FIXABLE_FILE: FIXABLE_YAML, MEETING_FILE: MEETING_YAML}
    return {PARALLEL_FILE: PARALLEL_YAML, **others, **tiers}


def check_life(config: Path) -> None:
    """Read every one of them; ConfigError points at the line that is wrong."""
    read_ladder(config)
    read_portfolio(config)
    read_retry(config)
    read_settings(config / PARALLEL_FILE, ValidationFile)
    read_settings(config / MEETING_FILE, MeetingFile)
