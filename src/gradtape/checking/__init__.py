"""What `testing` is made of: coordinates, derivatives from values alone, the report."""
