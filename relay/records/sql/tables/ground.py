"""What every table is made of: the metadata they belong to, and the kinds of columns they share."""

from __future__ import annotations

import sqlalchemy as sa

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMING)

TIME = sa.BigInteger
COUNT = sa.BigInteger
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite gives out row numbers by itself only to a column of the type INTEGER."""


def number_column() -> sa.Column[int]:
    """The number that the database gives to each row of a table."""
    return sa.Column("number", NUMBER, primary_key=True, autoincrement=True)


def incident_column(*, index: bool = True) -> sa.Column[object]:
    """The case a row belongs to."""
    return sa.Column(
        "incident", sa.Uuid, sa.ForeignKey("incidents.id"), nullable=False, index=index
    )
