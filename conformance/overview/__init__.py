"""What a run shows beside its verdicts: features, constraints, places of the contract."""
