"""What becomes of kept answers: collected once each, held for a time, erased on request."""
