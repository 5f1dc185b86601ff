"""Checks behind `tbench check` and `tbench doctor`: backbones, data, the environment."""
