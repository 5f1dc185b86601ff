"""What `tbench check` and `tbench doctor` look at: backbones, data, the environment."""
