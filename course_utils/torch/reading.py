"""What a language model thinks of a line, letter by letter: for `course_utils.figures.surprise_ribbon`."""

import torch

from course_utils.datasets import Vocab
from course_utils.figures.reading import Reading, check_model, encode_line
from course_utils.torch.evaluation import evaluating
from course_utils.torch.models import RNNLM


def read_line(model: RNNLM, line: str, vocab: Vocab, before: str = " ") -> Reading:
    """How probable the model finds each letter of a line, and which earlier letters that depends on.

    The influence of letter s on letter t is the length of the gradient of t's log-probability by the vector, one-hot or
    embedded, that the recurrent layer reads for s.

    Args:
        line: as you would type it; it is normalised and split as the vocabulary's text was.
        before: what the model reads in front of it, at least one character, so that the first letter is predicted too.

    >>> from course_utils.torch import GRU
    >>> vocab = Vocab([*"a bc"])
    >>> model = RNNLM(GRU(len(vocab), 3), len(vocab))
    >>> log_probs, influence = read_line(model, "cab", vocab)
    >>> log_probs.shape, influence.shape
    ((3, 5), (3, 2))
    """
    check_model(model, RNNLM)
    ids, start, length = encode_line(line, vocab, before)
    with evaluating(model) as device, torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        X = torch.tensor([ids[:-1]] * length, device=device)  # (T, B + T - 1): the same for each letter of the line
        inputs = model.embed(X).detach().requires_grad_()  # (T, B + T - 1, V or e)
        log_probs = torch.log_softmax(model.read(inputs)[0], dim=-1)[:, start - 1 :]  # (T, T, V)
        letters = torch.arange(length, device=device)
        own = log_probs[letters, letters, torch.tensor(ids[start:], device=device)]  # (T,)
        [gradient] = torch.autograd.grad(own.sum(), inputs)  # (T, B + T - 1, V or e)
    influence = gradient[:, start:].norm(dim=-1)  # (T, T - 1)
    return Reading(*(tensor.detach().cpu().double().numpy() for tensor in (log_probs[0], influence)))
