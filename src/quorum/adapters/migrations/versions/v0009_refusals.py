"""What risk said of a strategy's target, and an index that the first workspaces of 0008 lack."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("strategy_target", sa.Column("refused", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("strategy_target", sa.Column("said", sa.Text, nullable=False, server_default=sa.text("''")))
    op.create_index("intent_entries", "intent", ["account", "symbol", "created_at"], if_not_exists=True)
