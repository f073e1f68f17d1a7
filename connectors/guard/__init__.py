"""The guard: the small program beside a database that holds its lease. Standard library and the core's lease only.

docs/lease.md says how it is set up and what it promises.
"""
