"""Azure Container Registry: registries, agent pools, quick builds, imports."""
