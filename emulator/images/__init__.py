"""Images: a subset of Dockerfile built into directory trees, named by registries, run as processes."""
