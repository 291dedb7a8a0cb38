"""Traffic that was captured elsewhere: from a HAR file or an access log to a record, and from such a record to verdicts.

Nobody sent these requests in order to learn anything, and whoever captured them kept what he needed. So two rules hold throughout: a
requirement judges nothing that it needs requests of its own for, or that the capture does not hold (`model.Detail`); and what may be
the fault of the capture, of the client or of something on the way is nobody's failure.
"""
