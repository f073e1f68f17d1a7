"""Drills: a disaster as data, held against the lab, and what it measured from outside."""
