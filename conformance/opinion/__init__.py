"""What others make of the same answers: schemathesis, and the official client."""
