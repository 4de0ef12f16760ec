"""What a cluster's stands tell: metrics from Prometheus, objects and events by watch, logs, spans, findings.

One reader a cluster asks once per signal and interval for all its stands, and hands out slices. A new signal is a
line in `queries.py`; a new stream is a module here and a line in `reader.py`.
"""
