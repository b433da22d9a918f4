"""Feature tables: what was known about whom, and when; for training as of any time, for serving as of now."""
