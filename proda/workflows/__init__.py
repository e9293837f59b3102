"""Work that joins several roles: trials, probing, rounds of repair, reallocation, verdicts, the leak check."""
