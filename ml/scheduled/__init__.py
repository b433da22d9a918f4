"""Commands of `mlops` as jobs of Azure ML: submitted once, or started by a schedule."""
