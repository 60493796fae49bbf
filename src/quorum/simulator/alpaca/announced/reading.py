"""News and corporate actions from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from quorum.domain import ConfigError
from quorum.simulator.alpaca.announced.articles import Article, article_of
from quorum.simulator.alpaca.announced.terms import action_of


class Announced(NamedTuple):
    """What a file announces."""

    news: tuple[Article, ...] = ()
    actions: tuple[dict[str, Any], ...] = ()


def read_announced(path: Path, begun: int) -> Announced:
    """The `news` and the `actions` of a YAML or JSON file; ConfigError names what is wrong in which.

    Articles whose time is relative count from `begun` (ns UTC).
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        text = path.read_text(encoding="utf-8")
        found: Any = json.loads(text) if path.suffix == ".json" else YAML(typ="safe").load(text)
    except (OSError, ValueError, YAMLError) as error:
        raise ConfigError(f"{path} cannot be read ({' '.join(str(error).split())})", "write news and actions") from None
    if not isinstance(found, Mapping) or set(found) - {"news", "actions"}:
        raise ConfigError(f"{path} holds more or less than `news` and `actions`", "write a list under each")
    lists = {name: found.get(name) or [] for name in ("news", "actions")}
    if wrong := [name for name, rows in lists.items() if not isinstance(rows, list)]:
        raise ConfigError(f"{path}: {wrong[0]} is no list", "begin each entry with `- `")
    return Announced(
        tuple(article_of(row, f"{path}, news {n}", begun) for n, row in enumerate(lists["news"], 1)),
        tuple(action_of(row, f"{path}, action {n}") for n, row in enumerate(lists["actions"], 1)),
    )
