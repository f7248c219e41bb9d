"""A decoder with attention: at each step it looks back at all that the encoder put out, and not at one vector alone.

Sources: Bahdanau et al. (2015), Neural machine translation by jointly learning to align and translate; Luong et al.
(2015), Effective approaches to attention-based neural machine translation, of which these are the scores by products.
"""

import torch
from torch import nn

from course_utils.shapes import check_attended, check_outputs
from course_utils.torch.seq2seq import Seq2SeqDecoder, State

Context = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]  # summary, keys, values, mask


class AttentionDecoder(Seq2SeqDecoder):
    """Writes sentences, looking at each step where the source has what is needed now.

    Its layers are those of `Seq2SeqDecoder`, fed the summary beside each embedding. The top layer's H_t is compared
    with the encoder's outputs H_enc (S, h or 2h), one for each token of the source, and what is found is added to it:

        scores    a_t = softmax(H_t (H_enc W_k)ᵀ / √h)    over the S tokens; those behind the sentence's end get 0
        context   C_t = a_t H_enc
        logits    (H_t + C_t W_c) W_hq + b_q

    With W_c = 0 it is `Seq2SeqDecoder`.

    Args:
        vocab_size, embed_size, num_hiddens, num_layers, cell: as for the encoder, whose state it goes on from.
        dropout: the share of the embeddings, of the outputs between two layers, and of what the logits are read off,
            that is set to zero while training.
        bidirectional: whether the encoder reads both ways; its outputs are then 2h wide.

    >>> from course_utils.torch import Seq2Seq, Seq2SeqEncoder
    >>> encoder = Seq2SeqEncoder(vocab_size=10, embed_size=8, num_hiddens=16, bidirectional=True)
    >>> decoder = AttentionDecoder(vocab_size=12, embed_size=8, num_hiddens=16, bidirectional=True)
    >>> model = Seq2Seq(encoder, decoder)
    >>> source, inputs = torch.zeros((4, 9), dtype=torch.long), torch.zeros((4, 7), dtype=torch.long)
    >>> X = (source, torch.tensor([9, 7, 2, 1]), inputs)
    >>> logits, state = model(X)
    >>> logits.shape, model.alignment(X).shape
    (torch.Size([4, 7, 12]), torch.Size([4, 7, 9]))
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
        super().__init__(vocab_size, embed_size, num_hiddens, num_layers, cell, dropout)
        self.bidirectional, self.width = bidirectional, num_hiddens * (2 if bidirectional else 1)
        self.key, self.mix = (nn.Linear(self.width, num_hiddens, bias=False) for _ in range(2))  # W_k, W_c
        for layer in (self.key, self.mix):
            nn.init.xavier_uniform_(layer.weight)

    def context(self, summary: torch.Tensor, outputs: torch.Tensor, lengths: torch.Tensor) -> Context:
        """What it is told: the summary, and of each token of the source by what it is found and what it gives.

        Args:
            summary: (n, h), `encoder.context(state)`.
            outputs: (n, S, h or 2h), the encoder's.
            lengths: how many tokens each sentence has, (n,), integers from 1 to S.

        Returns: (summary, keys, values, mask): keys H_enc W_k and values H_enc W_c, (n, S, h) both, the same at all
            steps; so a mean of the values is C_t W_c. The mask (n, S) is True where there is a token.
        """
        lengths = torch.as_tensor(lengths)
        check_outputs(outputs.shape, lengths.cpu().numpy(), self.width)
        places = torch.arange(outputs.shape[1], device=outputs.device)  # (S,)
        mask = places < lengths.to(outputs.device)[:, None]  # (n, S)
        return summary, self.key(outputs), self.mix(outputs), mask

    def forward(self, inputs: torch.Tensor, context: Context, state: State) -> tuple[torch.Tensor, State]:
        """Logits (n, T, V) of the token after each of `inputs`, and the state after the last.

        Args:
            inputs: ids (n, T), int64.
            context: what `context` gives.
            state: for each layer H (n, h) or LSTM's pair (H, C), as the encoder or the decoder returns it.
        """
        H, weights, last = self._look(inputs, context, state)
        _, _, values, _ = context
        return self.output(self.dropout(H + weights @ values)), last  # (n, T, V)

    def alignment(self, inputs: torch.Tensor, context: Context, state: State) -> torch.Tensor:
        """How much it looks at each token of the source at each step, (n, T, S): shares, 0 or more, whose sum is 1.

        Args:
            inputs, context, state: as for `forward`.
        """
        _, weights, _ = self._look(inputs, context, state)
        return weights

    def _look(self, inputs: torch.Tensor, context: Context, state: State) -> tuple[torch.Tensor, torch.Tensor, State]:
        """The top layer's H at each step (n, T, h), where it looks then (n, T, S), and the state after the last."""
        check_attended(context)
        summary, keys, _, mask = context
        H, last = self._outputs(inputs, summary, state)  # (n, T, h)
        scores = H @ keys.transpose(1, 2) / self.num_hiddens**0.5  # (n, T, S)
        return H, scores.masked_fill(~mask[:, None], float("-inf")).softmax(dim=-1), last
