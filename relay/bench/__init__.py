"""Measurements that print figures and ratios. Nothing here passes or fails; tests never time."""
