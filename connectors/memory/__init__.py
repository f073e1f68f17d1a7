"""The outside, in memory: a twin of every connector, for tests and for pretending.

A twin passes the contract suite of the real one, shows the same errors, and
lets a test or a drill look at what it holds.
"""
