"""Documents that are written from the catalogue, the contract and the options."""
