"""A run told afterwards: what was planned, what happened, who said what, and how that can be checked.

`making.make_report` tells it from the plan and the journal; `markdown`, `page` and the report's own JSON write it down.
"""
