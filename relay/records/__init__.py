"""What the relay knows beside the ECG itself: cases, people, alarms, calls, audit; and its database."""
