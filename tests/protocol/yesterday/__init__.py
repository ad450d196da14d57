"""The link's two ends as they were before they let finished recordings go: old tablets and old relays still talk."""
