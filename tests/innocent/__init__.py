"""A second server that keeps to the contract, by another hand and with other habits: whoever accuses it accuses an innocent.

It shares nothing with the reference server, nor with the suite: the standard library is all it needs. What it does otherwise than the
reference server does is a `Style`; every style is legal, and most were seen in the field.
"""
