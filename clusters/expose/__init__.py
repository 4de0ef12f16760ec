"""A simulated incident in a real Prometheus, under the metric names that a live stand's telemetry has.

play a scenario -> counters, histograms and gauges over time -> OTLP with the times of the past minutes -> Prometheus
"""
