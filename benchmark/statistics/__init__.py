"""Statistics as pure functions of numbers and arrays; randomness comes in as a generator.

Arrays of scores have the axes (backbones, runs, tasks), are turned so that higher is better,
and hold ``nan`` where a task has fewer runs than another. No function here knows a record.
Reports, the nightly comparison and the analyses use the same functions.
"""
