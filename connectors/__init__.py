"""The outside: one module per outside system, each declaring what it can be asked and what that does."""
