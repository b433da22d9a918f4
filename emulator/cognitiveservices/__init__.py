"""Azure AI services: accounts and deployments of models are kept as they are given."""
