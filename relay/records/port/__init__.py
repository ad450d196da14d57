"""What a service may ask of the records, by what it is about."""
