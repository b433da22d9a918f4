"""Microsoft.KeyVault: vaults, and their secrets. Keys and certificates are refused by name."""
