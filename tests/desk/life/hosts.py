"""A host's workspace as its plug-in leaves it: files of its own, loose schemas, words of its own."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "config/agent-templates/junior-template.yaml": "role: junior   # filled in by hand\nmodel: small\n",
    "knowledge/hr-log.yaml": "events:\n- {who: maverick, what: hired}\n",
    "knowledge/registry.yaml": """\
# Kept by the orchestrator alone.
strategies:
  STR-001:
    name: Funding fade
    status: rejected
    owner: maverick       # whose idea it was
  STR-002: {name: Weekend gap, status: REJECTED_L1, reason: low_sharpe, family: seasonal}
  STR-003: {name: Carry basket, status: paper_trading, symbols: [FLATUSDT]}
counters:
  next_id: 12
  total_evaluated: 3
  hired: 4
""",
    "pipeline/queue.yaml": """\
# what is next
version: 3
queue:
- id: STR-004
  strategy: demo_ma
  symbol: FLATUSDT
  timeframe: 1h
  status: PASSED_L1
  priority: high
  reviewer: critic-2     # asked for
- id: STR-005
  strategy: trend_breakout
  symbols: [CRASHUSDT, SURGEUSDT]
  timeframe: 1h
  status: FAILED_TIMEOUT
  added_date: 2024-05-01
- id: STR-006
  name: Something told in words
  status: PENDING
- id: STR-007
  strategy: demo_ma
  symbols: CRASHUSDT
  timeframe: 1h
  status: awaiting_human
""",
    "pipeline/current-run.yaml": "active_runs:\n- {id: theirs, step: L0}\nqueue: []\ncompleted_today: []\nnote: kept\n",
    "knowledge/learnings.md": """\
# Learnings

## L-004: Fees eat short holding times (2024-04-02)
- **Source**: STR-002
- **Category**: PARAMETER_BOUNDS
- **Severity**: HIGH
- **Keywords**: fees, holding
- **Learning**: Holding below four hours loses to costs.
- **Action**: Hold longer.
- **Frequency**: 2

L-009 | 2024-04-05 | STR-001 | LOW | Funding turns faster than it is paid.
""",
    "BOOTSTRAP.md": """\
# BOOTSTRAP

> Last updated: 2024-05-01
> Updated by: orchestrator

## Current State
- Team size: 9

## Key Learnings
- see L-004

## For New Sessions
Read this first.

active_skills:
  trading-pipeline: true
  trading-auto-retry: false    # until the costs are right
""",
    "knowledge/strategies/STR-002/hypothesis.md": "Gaps of the weekend close on Monday.\n",
    "knowledge/strategies/STR-002/parameters.yaml": "hold: 12   # hours\nnotes: [first, second]\n",
}
FOREIGN = (
    *("config/agent-templates/junior-template.yaml", "knowledge/hr-log.yaml"),
    "knowledge/strategies/STR-002/hypothesis.md",
)
"""Files that are nobody's but the host's."""


def write_host(home: Path) -> None:
    """Put the host's files into a workspace."""
    for name, text in FILES.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
