"""Loops as one operation: its row and derivatives, and how a recording comes to have one."""
