"""Real containers for the tests: an engine with a storage of its own, a base image, the scoring image."""
