"""Measures of how good a model is, in NumPy and plain Python.

A loss here is a mean negative log-likelihood in nats (natural logarithm) per token.
"""

import math


def perplexity(loss: float) -> float:
    """exp(loss): among how many equally likely tokens the model is as good as guessing; 1 is perfect.

    >>> round(perplexity(math.log(28)), 6)  # a uniform guess among 28 tokens
    28.0
    """
    return math.inf if loss > 700 else math.exp(loss)  # a float holds no more; NaN stays NaN


def bits_per_character(loss: float) -> float:
    """Loss / ln 2: how many bits a compressor with this model would need for each character.

    >>> bits_per_character(math.log(8))
    3.0
    """
    return loss / math.log(2)
