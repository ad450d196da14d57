"""The log of every ECG frame: appended, synced, and read again by stream and time."""
