"""The shell around the reconciler: watches, queue, workers, status, events, leases, health.

It knows Kubernetes and threads. Of AWS and of the engine it knows nothing: it calls a
:class:`~awslab.controller.handle.Reconciler`. Only ``source.py`` knows kopf.
"""
