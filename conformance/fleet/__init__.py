"""Many targets in one command: a manifest of endpoints, models and readings, one run for each, one page for all of them.

`manifest` reads what is to be tested, `slots` says what of it may be under way at once, `job` does one of them wherever it is sent, the
engines (`sequence`, `cluster`) send it there, `overview` makes one page of what came back.
"""
