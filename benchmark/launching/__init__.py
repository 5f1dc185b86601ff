"""Run jobs somewhere: worker processes on this machine."""

from benchmark.launching.pool import Job, Pool, Reply

__all__ = ['Job', 'Pool', 'Reply']
