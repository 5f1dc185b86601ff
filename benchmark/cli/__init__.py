"""The command line: parsing only, every command is one call."""
