"""How the notebooks are tested: the nbval extension, the judge of outputs, checks without execution, perturbed runs."""
