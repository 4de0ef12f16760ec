"""What a stand tells beside its metrics: Kubernetes events, logs, spans, findings of an observability tool.

`pod_events` is written while the simulation runs, because metrics do not say which replica died of what. Everything
else is a deterministic function of (seed, bucket, recorded telemetry), computed when it is asked for and never else.

    history, pod_events -> source -> recorded -> logs | call_model -> traces | coroot_checks -> findings | k8s_events

To add a stream: its dataclass and its switch in `clusters.streams`, its function here, one line in `source`, and its
file in `rollouts.dataset.stream_files`. To add a log pattern: one `PatternCount` in `logs`; a check: one line in
`coroot_checks.CHECKS`; a reason: one in `pod_events`, and how it is told in `k8s_events`.
"""
