"""Azure Container Apps: apps, jobs and environments are kept as they are given."""
