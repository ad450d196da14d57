"""Who is on call, and how an ECG that nobody opens climbs from person to person."""
