"""What the numbers support: standings, pairs, contrasts, agreement."""
