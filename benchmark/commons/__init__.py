"""Results that others can check: bundles, their verification, and a site of leaderboards."""
