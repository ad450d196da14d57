"""A city at work on one machine: a relay, ambulances, a hospital. Real processes, real network."""
