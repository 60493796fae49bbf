"""The schema's history, by Alembic.

Promise: every released database can be brought to the newest schema; a released step never changes.
In: a connection from `sql`. Out: tables.
Neighbours: only `sql` runs it.
"""

__all__: list[str] = []
