"""What the city is told while a run is under way: one page in Danish and English, derived from plan and journal.

`status.status_of` folds the run into what may be said of it, `writing.to_html` writes it down, and `keeping.Pages`
keeps the files of a city's folder. Nothing is said that was not seen; no person, address or secret stands there.
"""
