"""Where stands run and how they are reached: applications, commands, telemetry, the Stand contract and its backends.

To add a backend: a package that implements `clusters.stand.Stand` (and `StandBatch` where stands step together), one
line in `rollouts.stands.BACKENDS`, and one in the registry of the Stand conformance suite.
"""
