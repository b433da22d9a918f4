"""Microsoft.ContainerService: what a cluster says of itself and its node pools."""
