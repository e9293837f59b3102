"""Work that joins several roles: trials, probing, a round of repair, the leak check."""
