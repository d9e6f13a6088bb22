"""How it is spelled: TensorFlow's names and NumPy's protocols over the same rows."""
