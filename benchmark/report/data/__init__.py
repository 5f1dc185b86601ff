"""Records as tables of numbers: facts, frames, boards, units."""
