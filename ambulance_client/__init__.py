"""The tablet in the ambulance: sources of ECG, a spool that cannot lose it, a link, the crew's page."""

import relay  # noqa: F401 - decides first how structlog is loaded
