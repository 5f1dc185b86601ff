"""As is: a network with its own head is scored on the test split; nothing learns."""

from __future__ import annotations

from benchmark.specs import Protocol, Rule, Trains

AS_IS = Protocol(
    name='as-is',
    title="the network's own head, nothing trained",
    trains=Trains.NONE,
    # no number: the network and the task's test split are all that takes part
    recipes=(Rule('classification', {}),),
    procedure='as-is',
)
