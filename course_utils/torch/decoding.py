"""Text from a trained language model."""

import torch
from torch import nn

from course_utils.datasets import Vocab
from course_utils.decoding import continue_text


@torch.no_grad()
def generate(
    model: nn.Module,
    prefix: str,
    num_preds: int,
    vocab: Vocab,
    temperature: float = 0.0,
    top_k: int | None = None,
    seed: int = 0,
) -> str:
    """`prefix`, continued by `num_preds` characters that the model predicts one by one.

    The model first reads the whole prefix (the warm-up), then each prediction becomes its next input.

    Args:
        model: `(X, state) -> (logits, state)` with ids X (1, T) and logits (1, T, V), such as `RNNLM`.
        prefix: at least one character.
        temperature: 0 (greedy) takes the most likely character; 1 draws from the model's distribution.
        top_k: draw among the k most likely characters only.
        seed: of the draws.
    """
    device = next(model.parameters()).device

    def step(ids, state):
        logits, state = model(torch.tensor([ids], device=device), state)  # (1, T, V)
        return logits[0, -1].cpu().numpy(), state

    was_training = model.training
    model.eval()
    try:
        return continue_text(step, prefix, num_preds, vocab, temperature, top_k, seed)
    finally:
        model.train(was_training)
