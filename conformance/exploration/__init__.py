"""Exploration: what is asked off the scored run. Random requests, what they bring to light, how a find is kept; and a first look.

Reading order: `cases` (a request and what the contract says of it), `examine` (what answers show), `explorer` (asks and looks until told
to stop), `kept` (finds as lines of a file). `minimise` searches for a smaller body. `acquaintance` finds out what an endpoint can.
"""
