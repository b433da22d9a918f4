"""Azure API Management: services, APIs and policies are kept as they are given."""
