"""Reading: the texts of chosen cells and the facts of instructions, out of core."""
