"""What is wanted, what is found and what to do about it: pure, standard library only."""
