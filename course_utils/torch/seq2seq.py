"""Sequence to sequence: an encoder reads one sentence, a decoder writes another, and one vector is all that passes.

Sources: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder; Sutskever et al. (2014), Sequence
to sequence learning with neural networks. The layers are the framework's own, which are the fastest here.

All weight matrices are drawn by Xavier's uniform rule (Glorot and Bengio, 2010) and biases begin at zero, an LSTM's
forget gate at one; embeddings are drawn from N(0, 1).
"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_utils.shapes import check_decoder, check_pieces, check_sentences, check_seq2seq, check_sources
from course_utils.torch.evaluation import as_ids, evaluating

State = tuple  # of the layers: H (n, h) each, or LSTM's pair (H, C)


class Seq2SeqEncoder(nn.Module):
    """Reads sentences; the state after each one's last token is what the decoder starts from.

    Args:
        vocab_size: V, the number of different tokens.
        embed_size: e, the width of a token's embedding.
        num_hiddens: h, the hidden units of each layer, and of each direction.
        num_layers: how many layers are stacked.
        cell: "gru" or "lstm".
        dropout: the share of the embeddings, and of the outputs between two layers, that is set to zero while training.
        bidirectional: read each sentence from its end as well. A linear layer then makes one state of the two
            directions' last ones: a layer's H, and C in the same way.

    >>> encoder = Seq2SeqEncoder(vocab_size=10, embed_size=8, num_hiddens=16, num_layers=2)
    >>> outputs, state = encoder(torch.zeros((4, 9), dtype=torch.long), torch.tensor([9, 7, 2, 1]))
    >>> outputs.shape, len(state), state[-1].shape
    (torch.Size([4, 9, 16]), 2, torch.Size([4, 16]))
    """

    def __init__(
        self,
        vocab_size: int,
        embed_size: int,
        num_hiddens: int,
        num_layers: int = 1,
        cell: str = "gru",
        dropout: float = 0.0,
        bidirectional: bool = False,
    ):
        super().__init__()
        check_pieces(vocab_size, embed_size, num_hiddens, num_layers, cell, dropout)
        self.vocab_size, self.embed_size, self.bidirectional = vocab_size, embed_size, bidirectional
        self.num_hiddens, self.num_layers, self.cell = num_hiddens, num_layers, cell
        self.embedding, self.dropout = nn.Embedding(vocab_size, embed_size), nn.Dropout(dropout)
        self.rnn = _recurrent(embed_size, num_hiddens, num_layers, cell, dropout, bidirectional)
        parts = num_layers * (2 if cell == "lstm" else 1) if bidirectional else 0
        self.joins = nn.ModuleList(nn.Linear(2 * num_hiddens, num_hiddens) for _ in range(parts))
        _draw(self)

    def forward(self, source: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, State]:
        """Read sentences.

        Args:
            source: ids (n, S), int64; what is behind a sentence's end does not matter.
            lengths: how many tokens each sentence has, (n,), integers from 1 to S.

        Returns: the top layer's outputs, (n, S, h) or with two directions (n, S, 2h), zeros behind the end; and the
            state after each sentence's last token, for each layer H (n, h) or LSTM's pair (H, C).
        """
        lengths = torch.as_tensor(lengths).cpu()
        check_sentences(source.shape, lengths.numpy())
        X = self.dropout(self.embedding(as_ids("The source", source, self.vocab_size)))  # (n, S, e)
        packed = pack_padded_sequence(X, lengths, batch_first=True, enforce_sorted=False)
        outputs, last = self.rnn(packed)  # each sentence ends at its own last token
        outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=source.shape[1])  # (n, S, h or 2h)
        return outputs, self._join(last) if self.joins else _by_layer(last)

    def context(self, state: State) -> torch.Tensor:
        """What the decoder is told at each step: the top layer's H, (n, h)."""
        return state[-1][0] if self.cell == "lstm" else state[-1]

    def _join(self, last) -> State:
        """Of both directions' states one for each layer; PyTorch has layers and directions on one axis."""
        parts = last if isinstance(last, tuple) else (last,)  # (2 layers, n, h) each
        both = [torch.cat([*pair], dim=-1) for part in parts for pair in part.split(2)]  # (n, 2h), all H before all C
        one = torch.stack([join(pair) for join, pair in zip(self.joins, both, strict=True)])  # (layers or twice, n, h)
        return _by_layer(tuple(one.chunk(2)) if isinstance(last, tuple) else one)


class Seq2SeqDecoder(nn.Module):
    """Writes sentences: logits of the next token from the token before, the context, and the state.

    The context stands beside the token's embedding at each step, and stays what it is. `AttentionDecoder` looks at what
    the encoder put out as well.

    Args:
        vocab_size, embed_size, num_hiddens, num_layers, cell: as for the encoder, whose state it goes on from.
        dropout: the share of the embeddings, and of each layer's outputs, that is set to zero while training.

    >>> decoder = Seq2SeqDecoder(vocab_size=10, embed_size=8, num_hiddens=16, num_layers=2)
    >>> context = torch.zeros(4, 16)
    >>> logits, state = decoder(torch.zeros((4, 9), dtype=torch.long), context, (context, context))
    >>> logits.shape, len(state), state[-1].shape
    (torch.Size([4, 9, 10]), 2, torch.Size([4, 16]))
    """

    def __init__(
        self,
        vocab_size: int,
        embed_size: int,
        num_hiddens: int,
        num_layers: int = 1,
        cell: str = "gru",
        dropout: float = 0.0,
    ):
        super().__init__()
        check_pieces(vocab_size, embed_size, num_hiddens, num_layers, cell, dropout)
        self.vocab_size, self.embed_size = vocab_size, embed_size
        self.num_hiddens, self.num_layers, self.cell = num_hiddens, num_layers, cell
        self.embedding, self.dropout = nn.Embedding(vocab_size, embed_size), nn.Dropout(dropout)
        self.rnn = _recurrent(embed_size + num_hiddens, num_hiddens, num_layers, cell, dropout)
        self.output = nn.Linear(num_hiddens, vocab_size)
        _draw(self)

    def context(self, summary: torch.Tensor, outputs: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """What it is told at each step, (n, h): the summary.

        Args:
            summary: (n, h), `encoder.context(state)`.
            outputs, lengths: the encoder's outputs, and how many tokens it read of each sentence; not looked at here.
        """
        return summary

    def forward(self, inputs: torch.Tensor, context: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """Logits (n, T, V) of the token after each of `inputs`, and the state after the last.

        Args:
            inputs: ids (n, T), int64.
            context: (n, h), the encoder's; the same at all steps.
            state: for each layer H (n, h) or LSTM's pair (H, C), as the encoder or the decoder returns it.
        """
        outputs, last = self._outputs(inputs, context, state)
        return self.output(self.dropout(outputs)), last  # (n, T, V)

    def alignment(self, inputs: torch.Tensor, context: torch.Tensor, state: State) -> torch.Tensor | None:
        """Where it looks at each step, (n, T, S); None, for it looks at nothing but the summary."""
        return None

    def _outputs(self, inputs: torch.Tensor, summary: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """The top layer's H at each step, (n, T, h), and the state after the last."""
        check_decoder(inputs.shape, summary, state, self.num_hiddens, self.num_layers, self.cell)
        embedded = self.dropout(self.embedding(as_ids("inputs", inputs, self.vocab_size)))  # (n, T, e)
        at_each_step = summary[:, None].expand(-1, inputs.shape[1], -1)  # (n, T, h)
        outputs, last = self.rnn(torch.cat([embedded, at_each_step], dim=-1), _stack(state))  # (n, T, h)
        return outputs, _by_layer(last)


class Seq2Seq(nn.Module):
    """An encoder and a decoder, trained as one by the course's `Trainer`.

    Args:
        encoder, decoder: with the same `num_hiddens`, `num_layers` and `cell`.
        teacher_forcing: while training, with this probability a step is fed the token that stands in the target, and
            else what the model itself takes to be likeliest after the step before; drawn for each sentence and each
            step. Source: Bengio et al. (2015), Scheduled sampling for sequence prediction. In evaluation mode the
            target's tokens are fed always.

    >>> model = Seq2Seq(Seq2SeqEncoder(10, 8, 16), Seq2SeqDecoder(12, 8, 16))
    >>> source, inputs = torch.zeros((4, 9), dtype=torch.long), torch.zeros((4, 7), dtype=torch.long)
    >>> logits, state = model((source, torch.tensor([9, 7, 2, 1]), inputs))
    >>> logits.shape
    torch.Size([4, 7, 12])
    """

    def __init__(self, encoder: Seq2SeqEncoder, decoder: Seq2SeqDecoder, teacher_forcing: float = 1.0):
        super().__init__()
        check_seq2seq(encoder, decoder, teacher_forcing)
        self.encoder, self.decoder, self.teacher_forcing = encoder, decoder, teacher_forcing

    def check_inputs(self, X) -> None:
        """Raise an error unless X, arrays, are what the model reads; `Trainer` and `evaluate` ask it."""
        check_sources(X, self.encoder, self.decoder)

    def forward(self, X: tuple, state: State | None = None) -> tuple[torch.Tensor, State]:
        """Logits (n, T, V) of the token after each of the inputs, and the decoder's state after the last.

        Args:
            X: (source, lengths, inputs): ids (n, S), integers (n,), and ids (n, T), <bos> and the target without its
                last token.
            state: what the decoder starts from; None for the encoder's last state.
        """
        source, lengths, inputs = X
        context, encoded = self.begin(source, lengths)
        state = encoded if state is None else state
        if self.training and self.teacher_forcing < 1:
            return self._step_by_step(inputs, context, state)
        return self.decoder(inputs, context, state)

    def begin(self, source: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor | tuple, State]:
        """What the decoder is told of the sentences, its `context`, and the state that it starts from."""
        outputs, state = self.encoder(source, lengths)
        return self.decoder.context(self.encoder.context(state), outputs, lengths), state

    def alignment(self, X: tuple) -> torch.Tensor | None:
        """How much each step looks at each token of the source, (n, T, S), as in evaluation; None without attention.

        Args:
            X: as for `forward`.
        """
        source, lengths, inputs = X
        with evaluating(self):
            return self.decoder.alignment(inputs, *self.begin(source, lengths))

    def _step_by_step(
        self, inputs: torch.Tensor, context: torch.Tensor | tuple, state: State
    ) -> tuple[torch.Tensor, State]:
        forced = torch.rand(inputs.shape, device=inputs.device) < self.teacher_forcing  # (n, T)
        fed, steps = inputs[:, :1], []  # <bos>
        for t in range(inputs.shape[1]):
            if t > 0:
                fed = torch.where(forced[:, t : t + 1], inputs[:, t : t + 1], steps[-1].argmax(dim=-1))  # (n, 1)
            logits, state = self.decoder(fed, context, state)  # (n, 1, V)
            steps.append(logits)
        return torch.cat(steps, dim=1), state  # (n, T, V)


def _recurrent(
    num_inputs: int, num_hiddens: int, num_layers: int, cell: str, dropout: float, bidirectional: bool = False
) -> nn.RNNBase:
    between = dropout if num_layers > 1 else 0.0  # PyTorch warns where nothing is between two layers
    kind = {"gru": nn.GRU, "lstm": nn.LSTM}[cell]
    return kind(num_inputs, num_hiddens, num_layers, batch_first=True, dropout=between, bidirectional=bidirectional)


@torch.no_grad()
def _draw(module: nn.Module) -> None:
    for name, parameter in module.named_parameters():
        if "bias" in name:
            parameter.zero_()
            if isinstance(module.rnn, nn.LSTM) and "bias_ih" in name:
                parameter.chunk(4)[1].fill_(1)  # gates I, F, C, O
        elif "embedding" not in name:
            nn.init.xavier_uniform_(parameter)


def _by_layer(last) -> State:
    """PyTorch's state, (layers, n, h) or a pair of such, as the layers' own ones."""
    return tuple(zip(*last, strict=True)) if isinstance(last, tuple) else last.unbind()


def _stack(state: State):
    """The layers' states as PyTorch's layers want them."""
    is_pair = isinstance(state[0], tuple)
    return tuple(torch.stack(part) for part in zip(*state, strict=True)) if is_pair else torch.stack(state)
