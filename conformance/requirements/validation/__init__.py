"""Request validation: what must be accepted, and what must be refused."""
