"""An execution: a plan of waves that runs by itself, one step after the other, whoever takes the next."""
