"""Azure AI services: accounts and deployments of models are kept, with their keys."""
