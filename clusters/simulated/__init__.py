"""Simulated stands: a service graph as queues, all stands of a batch at once.

The model, of which `clusters.reference` plays every single request and this package the mean and the noise:

- Users send requests of drawn types, Poisson at the workload's rate, or in a closed loop. What the rate limit does not
  admit is refused at the entry at once. A user gives up after ENTRY_TIMEOUT_SECONDS.
- A request executes an operation at a service. It is refused, as an error after REJECTION_SECONDS, where no replica is
  ready, the port is broken, the service's own rate is exceeded, or more than QUEUE_PER_WORKER requests per worker wait.
- It waits, first come first served, for one of the workers of all ready replicas, and holds that worker to its end.
- Its CPU time is exponential with the operation's mean; all requests that compute at a service share the CPU of its
  ready replicas equally (processor sharing, so the mean depends on the utilisation alone): n of them run at
  speed * min(1, cpu_servers / n) each.
- Then it waits its added seconds, which use no CPU, and fails with the operation's own error ratio.
- Then it makes its calls in order, each `call_count` times (a fraction is a chance). An attempt takes the network's
  time and the edge's delay, may be lost with the edge's loss ratio, and is given up after the call's timeout; the
  callee carries on with it. A failed attempt is repeated up to `max_retries` (and added) times. Where a required call
  fails, the operation fails at once; else it goes on.
- A message (an asynchronous call) is handed over without waiting; it waits at the consumer, whose line has no bound.
- Replicas start, are cold for COLD_SECONDS at COLD_SPEED, and are killed by faults or when their memory (base, per
  request in the service, leaked, stressed) exceeds the limit; requests in them are lost.

How a tick of it is computed (`tick`): users' requests flow down the graph as means, with what is stuck on the way
(`flow`); each service's queue is drawn exactly over the tick as a reflected Brownian motion mapped to Erlang's mean
(`queueing`, `erlang`); times, failures and the requests that callers hold go up the graph (`latency`); at a bucket's
end cumulants of times become percentiles (`quantiles`) and sums become signals (`kernels.probes`). The arithmetic is
compiled: the formulas stand in `kernels`. What only callers' callers learn (retries, hold times) is a tick late and
damped, because an undamped one rings.

Every array is service-major with the stand axis innermost, so that an operation on a service touches contiguous
memory of all stands; telemetry that was recorded is kept stand by stand (`telemetry.history`). Legend: N stands,
S services, K replica slots, O operations, C call sites, H channels (a caller service, a callee operation and a
timeout), E edges, R request types, J journeys, G flags, P optional groups, T buckets. Inside, services stand in
topological order (callers first); `kernels.probes` brings them into the application's order.

Sums over a leading axis are spelled out (in kernels, and in `rules.quotas`): numpy adds a [k, 1] array in another order
than a [k, N] one, and a stand must not depend, to the last bit, on how many others it is stepped with.

To add a fault or an operator's verb: its dataclass in `clusters.commands`, one rule in a `*_rules` module, one line in
`rules.receipts.RULES`. To add a signal: one line in `clusters.telemetry` and one row in
`kernels.node_probes`, `edge_probes` or `user_probes`.
"""
