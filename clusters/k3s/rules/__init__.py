"""What the rules of commands and of faults share on a live stand.

`rule` is the contract of one rule, `view` what a rule sees; `deployments` reads and patches them, `rollouts`
follows and takes back what they bring out, `quotas` adds up limits.
"""
