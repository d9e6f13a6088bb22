"""How a row is read: reverse and forward, each one file with five cases."""
