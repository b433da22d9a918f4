"""Azure Container Apps: apps, jobs and environments are kept; their secrets are listed."""
