"""Azure CDN: profiles and endpoints are kept as they are given."""
