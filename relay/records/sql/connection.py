"""One connection, and the few statements that every aggregate's SQL is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from relay.model.evidence import FORMS
from relay.records.sql.values import AnyRow

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

Query = sa.Select[Any]


class SqlConnection:
    """A connection that can be asked."""

    __slots__ = ("_connection",)

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(
        self, statement: sa.Executable, rows: Sequence[Mapping[str, Any]] | None = None
    ) -> sa.CursorResult[Any]:
        """Run a statement, once or for each of ``rows``."""
        return await self._connection.execute(statement, rows)

    async def one(self, query: sa.Executable) -> AnyRow | None:
        """The first row, None where there is none."""
        return (await self.execute(query)).first()

    async def all(self, query: sa.Executable) -> Sequence[AnyRow]:
        """Every row."""
        return (await self.execute(query)).all()


class SqlChange(SqlConnection):
    """A connection inside a transaction.

    Attributes:
        added: table and key of each row this transaction added of which the chain is to tell.
    """

    __slots__ = ("added",)

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self.added: list[tuple[str, tuple[Any, ...]]] = []

    async def insert(self, table: sa.Table, **values: object) -> None:
        """Add one row."""
        done = await self.execute(table.insert().values(**values))
        if table.name in FORMS:
            self.added.append((table.name, tuple(done.inserted_primary_key or ())))

    async def update(self, table: sa.Table, where: Mapping[str, object], **values: object) -> int:
        """Set columns of the rows whose columns equal ``where``; how many there were."""
        change = table.update().values(**values)
        for name, value in where.items():
            change = change.where(table.c[name] == value)
        return (await self.execute(change)).rowcount

    async def put(self, table: sa.Table, key: str, values: Mapping[str, Any]) -> None:
        """Set the row with this key, or add it."""
        rest = {name: value for name, value in values.items() if name != key}
        if not await self.update(table, {key: values[key]}, **rest):
            await self.insert(table, **values)

    async def write_nothing_new(self) -> None:
        """Write what stands there already: whether the disk takes it."""
        await self.execute(sa.text("UPDATE alembic_version SET version_num = version_num"))
