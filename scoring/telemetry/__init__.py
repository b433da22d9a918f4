"""What the service tells Azure Monitor: requests, metrics, events and traces, off the hot path."""
