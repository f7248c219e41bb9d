"""The border to a student's code, a module for each framework: it makes arrays tensors and back, and differentiates."""
