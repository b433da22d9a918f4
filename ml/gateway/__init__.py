"""What a release has at the gateway, API Management: its backend, its weight, its key, and who tests it."""
