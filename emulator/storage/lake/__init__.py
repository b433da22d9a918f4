"""Accounts with a hierarchical namespace: directories, owners, POSIX permissions, and the dfs endpoint."""
