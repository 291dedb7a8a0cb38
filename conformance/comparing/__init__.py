"""Runs beside one another: of several targets, of one over time, of the two hops of one way."""
