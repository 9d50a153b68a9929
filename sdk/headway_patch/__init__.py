"""Bars of an unedited program, reported in lines to the `headway run --patch` around it.

`site/sitecustomize.py` loads this package into a Python whose environment need have nothing of
Headway: it stands on the standard library alone, and runs on Python 3.8 and later.
"""
