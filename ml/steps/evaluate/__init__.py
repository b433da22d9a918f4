"""What other steps know of this one. It imports nothing, so that they start without what it needs."""

METRICS = "metrics.json"
