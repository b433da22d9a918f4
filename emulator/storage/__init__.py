"""Microsoft.Storage: storage accounts and containers in ARM, and the Blob service."""
