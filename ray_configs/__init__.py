"""What to run, as YAML, and how a file becomes a checked dataclass.

`runs/` holds one YAML per job (collect, train, sweep, evaluate), `ray/` how a Ray cluster is brought up. To add a
configuration: one YAML; a test parses every file shipped here.
"""
