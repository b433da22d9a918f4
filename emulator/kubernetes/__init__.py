"""The Kubernetes API of clusters: objects in a store, and the server that answers at a cluster's own name."""
