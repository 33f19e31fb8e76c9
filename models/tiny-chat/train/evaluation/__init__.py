"""What the model is examined with. Nothing here may be imported by the generator; check_disjoint.py holds them apart."""
