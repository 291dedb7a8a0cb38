"""Exploration: random requests off the scored run, what they bring to light, and how a find is kept.

Reading order: `cases` (a request and what the contract says of it), `examine` (what answers show), `explorer` (asks and looks until told
to stop), `kept` (finds as lines of a file). The search for a smaller body is `conformance.exploration.minimise`.
"""
