"""The telemetry plane of a cluster: one collector gateway and one Prometheus, for all its stands.

pods -> OTLP -> gateway [span metrics, service graph or client spans] -> Prometheus -> the cluster's reader
"""
