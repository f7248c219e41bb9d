"""For each framework what turns arrays into tensors and back, and differentiates: the border to a student's code."""
