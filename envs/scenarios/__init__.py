"""Reproducible incidents and healthy periods: drawn by seed (`generator`) or known by name (`named`).

What belongs to training, validation and test is said in `splits` alone. To add a named scenario: a function in
`envs/scenarios/named.py` and one line in NAMED.
"""
