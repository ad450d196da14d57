"""Pictures from inside the ambulance, and photographs of a case."""
