"""The ECG as it comes: live streams, and ten seconds put together from them."""
