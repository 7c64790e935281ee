"""`python -m parley_training.bundle`."""

from parley_training.bundle.recipe import main

main()
