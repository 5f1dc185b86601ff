"""Bring data sets from their official layouts into those that the tasks read."""
