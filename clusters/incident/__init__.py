"""One incident, played on simulated stands and shown as a page of its own.

scenario + operator's commands -> playing -> telemetry -> readings -> service graph, charts, tables -> one HTML file.

Legend, as in the simulator: T buckets, S services, E edges, J journeys, R replicates.
"""
