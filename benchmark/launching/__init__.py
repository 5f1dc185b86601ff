"""Run jobs somewhere: executors, and the campaigns that feed them."""

from benchmark.launching.executors.base import Executor, Job, Reply
from benchmark.launching.pool import Pool

__all__ = ['Executor', 'Job', 'Pool', 'Reply']
