"""That nothing kept is gone or altered: chain, anchors outside, and whether the relay can store."""
