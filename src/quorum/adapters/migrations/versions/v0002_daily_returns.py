"""Trials keep their daily returns; what the trials of a sweep share is written once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEPT = ("sequence", "trial_id", "family", "recorded_at", "outcome", "code_hash")


def upgrade() -> None:
    """A trial from before keeps its inputs, parameters among them, under its own id; it has no days."""
    op.create_table("trial_inputs", _text("address"), _text("inputs"), sa.PrimaryKeyConstraint("address"))
    op.create_table(
        "trial_days",
        _text("address"),
        sa.Column("days", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )
    op.drop_index("ix_trial_family", "trial")
    op.rename_table("trial", "trial_before")
    _trials()
    _move()
    op.drop_table("trial_before")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _trials() -> None:
    op.create_table(
        "trial",
        sa.Column("sequence", _ROW_ID, nullable=False),
        _text("trial_id"),
        _text("family"),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        _text("inputs"),
        sa.Column("parameters", sa.Text),
        _text("outcome"),
        _text("code_hash"),
        sa.Column("days", sa.Text),
        sa.Column("returns", sa.LargeBinary),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("trial_id"),
        sa.ForeignKeyConstraint(["inputs"], ["trial_inputs.address"]),
        sa.ForeignKeyConstraint(["days"], ["trial_days.address"]),
    )
    op.create_index("ix_trial_family", "trial", ["family"])


def _move() -> None:
    before = sa.table("trial_before", *map(sa.column, (*_KEPT, "inputs")))
    shared = sa.table("trial_inputs", sa.column("address"), sa.column("inputs"))
    trial = sa.table("trial", *map(sa.column, (*_KEPT, "inputs")))
    kept = [before.c[name] for name in _KEPT]
    op.execute(shared.insert().from_select(["address", "inputs"], sa.select(before.c.trial_id, before.c.inputs)))
    op.execute(trial.insert().from_select([*_KEPT, "inputs"], sa.select(*kept, before.c.trial_id)))
