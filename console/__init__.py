"""The two ways in for people: the `seawall` command and the pages."""
