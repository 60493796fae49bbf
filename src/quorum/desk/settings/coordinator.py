"""config/coordinator.yaml: the worker, its pool and its lease, the beat of the scheduler and of the views."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

COORDINATOR_YAML = """\
# The processes of a running desk.
worker:
  runs_at_once: 8               # workflows of one worker
  pool: null                    # warm processes for agents; null is one a core
  lease_seconds: 10             # on PostgreSQL: a worker silent for longer is taken over
  grace_seconds: 10             # that running steps get on a stop
scheduler:
  look_seconds: 0.5             # how often due schedules, notices and answers are looked for
store_seconds: 60               # a run waits so long for a database that is away; then its step fails, by its policy
views_seconds: 1                # how often the files below state/ are brought up to date
log_level: info                 # debug, info, warning or error
"""
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class WorkerSection(_Section):
    runs_at_once: int = Field(8, ge=1, le=256)
    pool: int | None = Field(None, ge=1, le=256)
    lease_seconds: Seconds = 10.0
    grace_seconds: Annotated[float, Field(ge=0, le=600)] = 10.0


class SchedulerSection(_Section):
    look_seconds: Seconds = 0.5


class CoordinatorFile(_Section):
    """coordinator.yaml."""

    worker: WorkerSection = WorkerSection()
    scheduler: SchedulerSection = SchedulerSection()
    store_seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 60.0
    views_seconds: Seconds = 1.0
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")
