"""What becomes of a command on a simulated stand: refused and why, carried out on the state's columns, checked again.

`receipts` is the way in; `rule` the contract of one rule; the `*_rules` modules hold the rules by what they act on;
`effects` merges flags, releases and groups into the columns that the tick reads. To add a verb: its dataclass in
`clusters.commands`, its rule here, and one line in `receipts.RULES`.
"""
