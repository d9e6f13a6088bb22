"""What there is: specs, primitives, nodes and listeners, tensors, variables, and the constructors of rows."""
