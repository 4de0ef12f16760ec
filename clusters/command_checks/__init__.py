"""What can be said of a command without looking at a stand: unknown names, impossible values, what a quota adds up to.

Every backend asks `value_refusal` first, then its own state; so a command is refused in the same words wherever it is
given. `refusal` holds what a refusal is, `places` where a command acts, `values` one check for each verb that has
values, `quotas` the arithmetic of limits.
"""
