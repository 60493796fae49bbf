"""What the desk has learnt, as files: learnings.md, failure-taxonomy.yaml, search-space-map.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from quorum.desk.life.pages.text import block, write_if_other, write_yaml
from quorum.desk.life.ports import Record
from quorum.desk.life.skills import read_text
from quorum.domain import iso
from quorum.validation.learnings import Failure, Learning, taxonomy, with_learnings

SCHEMA = 1
LEARNINGS, TAXONOMY = "knowledge/learnings.md", "knowledge/failure-taxonomy.yaml"
MAP = "knowledge/search-space-map.yaml"


def write_learnings(path: Path, learnings: Sequence[Record]) -> bool:
    """learnings.md with every learning of the store behind what is there; whether it was written."""
    text = read_text(path) if path.exists() else ""
    return write_if_other(path, with_learnings(text, [Learning.read(record) for record in learnings]))


def write_taxonomy(path: Path, failures: Sequence[Record]) -> bool:
    """failure-taxonomy.yaml: every root with its failures; whether it was written."""
    ours = taxonomy([Failure.read(record) for record in failures])
    return write_yaml(path, block(ours), lambda: ours)


def write_map(path: Path, cells: Sequence[Record]) -> bool:
    """search-space-map.yaml: every cell with how often it was tested and what came through; whether it was written."""
    order = sorted(cells, key=lambda cell: str(cell["key"]))
    shown = {str(c["key"]): {n: iso(v) if n == "updated_at" else v for n, v in c.items() if n != "key"} for c in order}
    counts = {"tested": sum(c["tested"] for c in cells), "survived": sum(c["survived"] for c in cells)}
    ours = {"schema": SCHEMA, **counts, "cells": shown}
    return write_yaml(path, block(ours), lambda: ours)
