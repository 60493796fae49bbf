"""The first tables: decisions, accounts, orders, fills, ledger, trials."""

from alembic import op

from quorum.adapters.sql.tables import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    METADATA.create_all(op.get_bind())
