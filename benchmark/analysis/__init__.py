"""Why a backbone transfers: what its layers attend to, resemble, look at and capture.

Each analysis is one module or package. Pure functions on tensors or arrays hold the maths;
an ``analyse`` function runs it and returns a :class:`~benchmark.analysis.findings.Finding`,
which :mod:`benchmark.analysis.writing` puts on disk.
"""
