"""When an ECG rings, how long it must hold, and who has heard it."""
