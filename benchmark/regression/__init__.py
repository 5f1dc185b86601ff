"""Does a new set of records say that something got worse? Pure functions of records and history."""
