"""Faults on a live stand: injected, verified as injected, lifted, verified as lifted.

command -> fault -> chaos resources or a patched object -> ledger -> (keep up)* -> lift

`documents` builds Chaos Mesh's resources, `experiment_state` reads what became of one, `experiments` brings them out
and takes them back; `fault` is the contract of a kind of fault, and the `*_faults` modules hold the kinds. `rules`
makes receipts of them, `tending` keeps them up and clears them all. To add one: its builder, a `Fault`, one line in
`rules.FAULTS`.
"""
