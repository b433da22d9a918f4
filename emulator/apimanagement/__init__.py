"""Azure API Management: services, APIs and policies are kept; keys and secret values are listed."""
