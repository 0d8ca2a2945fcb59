"""What a judge's verdicts are worth: against people's labels, and on known answers."""
