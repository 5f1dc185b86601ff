"""Probes of frozen features: many readouts and hyper-parameters from a single forward pass.

:mod:`reading` turns pictures into features with named choices, :mod:`cache` keeps them on disk,
:mod:`neighbours` and :mod:`heads` predict from them, and a kind's readout in :mod:`readouts` says
what is predicted, how every trial is scored and how a prediction becomes one of the library's.
"""
