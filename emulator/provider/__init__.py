"""The azure-native provider of the real Pulumi engine, over Azure's own API and nothing else."""
