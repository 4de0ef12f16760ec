"""Live stands: an application in a namespace of a shared Kubernetes cluster, held under a lease."""
