"""`python -m chiasm.cli`."""

from chiasm.cli import main

main()
