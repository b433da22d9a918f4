"""Azure on loopback: an ARM store with hooks, the data planes of the estate, and a proxy that leads to them."""
