"""Pages for people: the report of one run, and the comparison of a pull request's runs.

All that they show may come from a pull request. It is text and nothing else: `html` is the one place that writes it.
"""
