"""What is fitted to recorded runs, and what decides with it.

`world_models/` predict what follows an action, `tuning/` searches their settings, `train` fits and logs them, `compare`
lays logged runs side by side.
"""
