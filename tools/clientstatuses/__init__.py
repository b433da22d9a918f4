"""Which HTTP statuses Azure's own clients take: read from their code, kept as a table of the emulator."""
