"""Microsoft.Resources: the tenant, its subscriptions, resource groups, and what providers are registered."""
