"""Triggers that raise the version of rights: whoever changes one, by whatever command, is seen by every relay."""

from __future__ import annotations

from alembic import op

RAISE = "UPDATE rights SET version = version + 1"


def count_changes(*watched: tuple[str, str, tuple[str, ...]]) -> None:
    """Raise ``rights.version`` in the transaction of every such change.

    Args:
        watched: table, ``INSERT``, ``UPDATE`` or ``DELETE``, and for an update the columns whose change
            matters; none: any of them.
    """
    sqlite = op.get_context().dialect.name == "sqlite"
    if not sqlite:
        op.execute(
            "CREATE FUNCTION rights_changed() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {RAISE}; RETURN NULL; END $$"
        )
    differs = "IS NOT" if sqlite else "IS DISTINCT FROM"
    does = f"BEGIN {RAISE}; END" if sqlite else "EXECUTE FUNCTION rights_changed()"
    for table, verb, columns in watched:
        changed = " OR ".join(f'OLD."{name}" {differs} NEW."{name}"' for name in columns)
        op.execute(
            f"CREATE TRIGGER {table}_rights_{verb.lower()} AFTER {verb} ON {table} FOR EACH ROW "
            + (f"WHEN ({changed}) " if columns else "")
            + does
        )
