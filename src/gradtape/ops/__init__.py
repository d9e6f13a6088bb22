"""What can be done: every primitive is one row, everything else is composed of rows."""
