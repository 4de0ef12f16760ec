"""Recorded runs on disk: the data contract (`schema`), and what writes, reads, checks and shows it.

A data set is a folder of `run_<id>/` directories, each self-contained and renamed into place whole. To add a table or
a stream: its schema in `schema.py`, its line in `TABLES` or `JSON_LINES` there, a module that fills it, and its check
in one of the `*_checks.py`.
"""
