"""People's labels: what one is, and reading and writing them."""
