"""The `seawall` command: what a tired person types, and what it says back."""
