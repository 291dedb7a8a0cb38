"""From the contract to requests: what must be refused (`corpus`), what must be accepted (`conversations`), how sharp that is (`score`)."""
