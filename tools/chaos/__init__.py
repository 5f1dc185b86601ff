"""Run suites while processes are killed, frozen and cut off, and compare every record."""
