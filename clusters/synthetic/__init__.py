"""One small instrumented service that plays any service of any application, and the load generator.

    plan (ConfigMap) -> role -> servers -> Servant.serve -> [CPU, waiting, memory] -> Calls -> the next pod

What a pod must know is its plan (`plan`), drawn up from the application outside the pod. Inside, these modules need
the standard library and the packages of `requirements.txt` alone: nothing else of this project is in the image.

- `roles` picks what a pod plays: a service (`service_role`), the flag server (`flag_server`), the broker (`broker`), a
  consumer of its messages (`consumer`), or the load generator (`load_role`).
- A service executes operations (`servant`): workers, CPU (`cpu_burner`), memory (`held_memory`), flags and releases
  (`conditions`, `flag_reader`), and calls with time-outs and retries (`calls`).
- The load generator is Locust: arrivals (`arrivals`, `workload`), users (`load_users`), routes (`load_routes`).

To add a kind of service: a role, and one line in `roles.ROLES`.
"""
