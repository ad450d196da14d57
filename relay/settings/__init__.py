"""Everything an operator can set, in groups by subject; the names are flat, in the environment and here."""

from relay.settings.everything import GROUPS, Settings, fields_of, reference

__all__ = ["GROUPS", "Settings", "fields_of", "reference"]
