"""Models: a recurrent layer with what goes in front of it and behind it."""

import torch
from torch import nn
from torch.nn import functional

from course_utils.shapes import check_count, check_ids, check_layer, check_same, check_share, check_X, unfit_layer
from course_utils.torch.cells import Bidirectional, Deep
from course_utils.torch.evaluation import as_ids
from course_utils.training import check_result


class RNNLM(nn.Module):
    """A language model: token ids → one-hot vectors → recurrent layer → logits of the next token.

    Args:
        rnn: any recurrent layer `(X, state) -> (outputs, state)` on X (n, T, vocab_size or embed_size): one of
            `course_utils.torch`, or `nn.RNN`, `nn.GRU`, `nn.LSTM` with `batch_first=True`.
        vocab_size: V, the number of different tokens.
        dropout: the share of the recurrent layer's outputs that is set to zero while training.
        embed_size: e; tokens become rows of an embedding (V, e) instead of one-hot vectors, and the layer reads those.
        token_dropout: the share of the input tokens that the layer does not see while training.

    A layer that reads in both directions sees the token that is to be predicted: good for filling gaps, but not for
    the next token. Attribute: `reads_both_ways`, whether it is such a one.

    Without an embedding the layer's input weights are drawn anew from N(0, 1), as an embedding's are: a one-hot vector
    picks one row of them, and the rows of a layer's own initialisation, made for dense inputs, are so small that
    training starts slowly.

    >>> model = RNNLM(nn.RNN(7, 5, batch_first=True), vocab_size=7)
    >>> logits, state = model(torch.tensor([[1, 2, 3], [4, 5, 6]]))
    >>> logits.shape
    torch.Size([2, 3, 7])
    """

    def __init__(
        self,
        rnn: nn.Module,
        vocab_size: int,
        dropout: float = 0.0,
        embed_size: int | None = None,
        token_dropout: float = 0.0,
    ):
        super().__init__()
        check_layer(rnn, nn.Module)
        if isinstance(rnn, nn.RNNBase) and not rnn.batch_first:
            raise ValueError("The layer walks over the first axis, but X is (n, T, d): build it with batch_first=True.")
        check_count("vocab_size", vocab_size)
        if embed_size is not None:
            check_count("embed_size", embed_size)
        if isinstance(rnn, nn.RNNBase):
            check_X((1, 1, embed_size or vocab_size), rnn.input_size)
        check_share("dropout", dropout)
        check_share("token_dropout", token_dropout)
        self.rnn, self.vocab_size, self.embed_size = rnn, vocab_size, embed_size
        self.reads_both_ways = _reads_both_ways(rnn)
        self.dropout, self.token_dropout = nn.Dropout(dropout), nn.Dropout(token_dropout)
        self.embedding = nn.Embedding(vocab_size, embed_size) if embed_size else None
        self.output = nn.LazyLinear(vocab_size)
        with torch.no_grad():
            if not embed_size:
                _draw_input_weights(rnn)
            try:
                result = rnn(torch.zeros(1, 1, embed_size or vocab_size))
            except (TypeError, RuntimeError, ValueError) as error:
                if isinstance(error, ValueError) and not isinstance(rnn, (nn.RNNBase, nn.RNNCellBase)):
                    raise  # a layer of the course says what is wrong
                raise unfit_layer(rnn, embed_size or vocab_size) from error
            outputs, _ = check_result(result, "layer")
            if isinstance(rnn, nn.Sequential):  # takes no state
                raise unfit_layer(rnn, embed_size or vocab_size)
            self.output(outputs)  # tells it how wide its inputs are

    def begin_state(self, batch_size: int):
        """The zero state the recurrent layer starts from, in the shape it wants."""
        if not isinstance(self.rnn, nn.RNNBase):
            return self.rnn.begin_state(batch_size)
        layers = self.rnn.num_layers * (2 if self.rnn.bidirectional else 1)
        H = self.output.weight.new_zeros(
            layers, batch_size, self.rnn.proj_size or self.rnn.hidden_size
        )  # (layers, n, h)
        return (H, H.new_zeros(layers, batch_size, self.rnn.hidden_size)) if isinstance(self.rnn, nn.LSTM) else H

    def check_inputs(self, X) -> None:
        """Raise an error unless X, an array, are ids (n, T) of the vocabulary; `Trainer` and `evaluate` ask it."""
        check_ids("X", X.shape, X.dtype.kind, self.vocab_size, X)

    def forward(self, X: torch.Tensor, state=None):
        """Logits (n, T, V) of the token after each of X (n, T), ids; and the layer's state after the last."""
        X = as_ids("X", X, self.vocab_size)  # (n, T)
        if state is not None and isinstance(self.rnn, nn.RNNBase):
            check_same(
                *(parts if isinstance(parts, tuple) else (parts,) for parts in (state, self.begin_state(len(X))))
            )
        inputs = self.embed(X)  # (n, T, V or e)
        seen = self.token_dropout(torch.ones_like(inputs[..., :1])) > 0  # (n, T, 1); nothing is scaled up instead
        return self.read(inputs * seen, state)

    def embed(self, X: torch.Tensor) -> torch.Tensor:
        """The vectors that the recurrent layer reads for ids X (n, T): one-hot (n, T, V), or embedded (n, T, e)."""
        if self.embedding is not None:
            return self.embedding(X)  # (n, T, e)
        return functional.one_hot(X, self.vocab_size).to(self.output.weight.dtype)  # (n, T, V)

    def read(self, inputs: torch.Tensor, state=None):
        """As the model itself, from such vectors on: logits (n, T, V) and the layer's state after the last."""
        outputs, state = self.rnn(inputs, state)  # (n, T, h)
        return self.output(self.dropout(outputs)), state  # (n, T, V)


def _draw_input_weights(rnn: nn.Module) -> None:
    for layer in _readers(rnn):
        for name, parameter in layer.named_parameters():
            if name.startswith(("W_x", "weight_ih_l0")):  # a one-hot vector picks one row
                nn.init.normal_(parameter)


def _readers(rnn: nn.Module) -> list[nn.Module]:
    """The layers that read the model's inputs: the lowest one, in each direction."""
    if isinstance(rnn, Deep):
        return _readers(rnn.layers[0])
    if isinstance(rnn, Bidirectional):
        return _readers(rnn.forward_layer) + _readers(rnn.backward_layer)
    return [rnn]


def _reads_both_ways(rnn: nn.Module) -> bool:
    if isinstance(rnn, Deep):
        return any(map(_reads_both_ways, rnn.layers))
    return isinstance(rnn, Bidirectional) or getattr(rnn, "bidirectional", False)
