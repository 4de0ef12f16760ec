"""What a stand tells beside its metrics: Kubernetes events, logs, spans, findings of an observability tool.

`pod_events` is written while the simulation runs, because metrics do not say which replica died of what. Everything
else is a deterministic function of (seed, bucket, recorded telemetry), computed when it is asked for and never else.
"""
