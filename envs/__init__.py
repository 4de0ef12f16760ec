"""The Gymnasium contract over stands: actions, faults, workloads, scenarios, rewards and the control loop.

Importing this package registers the environments; their modules are loaded when one is made.
"""

from envs.registration import register_environments

register_environments()
