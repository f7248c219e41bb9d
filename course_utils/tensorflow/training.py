"""A training loop that can be read in one sitting."""

import os
import time

import keras
import tensorflow as tf
from tqdm.auto import tqdm

from course_utils.history import History, linear_decay
from course_utils.tensorflow.devices import find_device
from course_utils.tensorflow.evaluation import (
    as_array,
    batch_loss,
    check_keras_model,
    compile_loss,
    compiled,
    mean_loss,
    to_tensors,
    zero_state,
)
from course_utils.tensorflow.snapshots import put_back, put_back_best, take_snapshot
from course_utils.training import (
    check_depends,
    check_result,
    check_settings,
    check_trained,
    parts_of,
    put_back_shuffling,
    read_batches,
    resumed,
)

OPTIMIZERS = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}


class Trainer:
    """Fits a model to data: gradient, clipping, optimiser step, and a record of it all.

    Args:
        max_epochs: how many times the training data is gone through, those of a run that is resumed included.
        lr: the learning rate.
        optimizer: "sgd", "adam" or "adamw" (weight decay 0.01).
        clip_norm: gradients are scaled down to this norm where theirs is larger; None leaves them alone.
        decay: lower the learning rate with each update, along a line that reaches zero after the last one.
        keep_best: at the end, put back the weights of the epoch after which the held-out loss was lowest.
        loss: what is minimised, `(outputs, Y) -> ()`, a mean over the rows of Y, such as
            `lambda O, Y: tf.reduce_mean((O - Y) ** 2)`; None for cross-entropy, as `fit` describes it.
        device: where to compute, such as "cuda"; None for the one that $DEVICE names, the CPU by default. TensorFlow
            keeps a variable where it was made: a model that has never been called is made on this device.
    """

    def __init__(
        self,
        max_epochs: int,
        lr: float,
        optimizer: str = "adamw",
        clip_norm: float | None = 1.0,
        decay: bool = False,
        device: str | None = None,
        keep_best: bool = False,
        loss=None,
    ):
        self.max_epochs, self.lr, self.optimizer, self.loss = max_epochs, lr, optimizer, loss
        self.clip_norm, self.decay, self.device, self.keep_best = clip_norm, decay, device, keep_best
        check_settings(vars(self), OPTIMIZERS)

    def fit(self, model: keras.Model, data, on_epoch=None, resume: History | None = None) -> History:
        """Train `model` in place and return the `History`.

        Args:
            model: `(X, state) -> (logits, state)` with ids X (n, T) and logits (n, T, V), such as `RNNLM`; X may be a
                tuple of arrays, as for `Seq2Seq`. With a `loss`, X and the outputs may be of any kind that it takes.
            data: has `train` and `heldout`, as `LanguageModelData`; or is itself the training batches, any iterable
                of pairs `(X, Y)`, where Y is −1 at steps without a target. Where the batches have a true
                `carries_state`, the state goes from each batch to the next, without gradient; elsewhere it starts at 0.
            on_epoch: called with the history after each epoch, for a live plot.
            resume: the history of an earlier run, to go on with until `max_epochs` as if it had not stopped. The
                model's weights become those after its last epoch; what the optimiser remembers, the place on the line
                of `decay`, the layers' random numbers and those of batches with a NumPy generator `rng` are put back
                as well. What shuffles otherwise is not.
        """
        check_keras_model(model)
        history = History(is_cross_entropy=self.loss is None) if resume is None else resumed(resume, "tensorflow", self)
        epochs = range(len(history.train_loss), self.max_epochs)
        batches, heldout = parts_of(data, len(epochs), self.keep_best)
        settings = {"weight_decay": 0.01} if self.optimizer == "adamw" else {}
        settings |= {} if self.optimizer == "sgd" else {"epsilon": 1e-8}  # as in PyTorch
        optimizer = OPTIMIZERS[self.optimizer](float(self.lr), **settings)
        update, loss_of = self._compile_update(model, optimizer), compile_loss(model, self.loss)
        if resume is not None:
            put_back_shuffling(history.snapshot.shuffling, batches, heldout)
        start = time.perf_counter() - (history.seconds[-1] if history.seconds else 0.0)
        progress = tqdm(epochs, desc="epochs", disable="CI" in os.environ)
        with tf.device(find_device(self.device)):
            for _ in progress:
                self._run_epoch(model, optimizer, update, batches, history)
                if heldout is not None:
                    history.add_heldout(mean_loss(loss_of, model, heldout, self.loss))
                    progress.set_postfix(history.latest)
                history.seconds.append(time.perf_counter() - start)
                history.snapshot = take_snapshot(self, model, optimizer, history, batches, heldout)
                if on_epoch is not None:
                    on_epoch(history)
        if self.keep_best and history.heldout_loss:
            put_back_best(history.snapshot, model)
        return history

    def _run_epoch(self, model, optimizer, update, batches, history: History) -> None:
        carries_state = getattr(batches, "carries_state", False)
        losses, norms, state, tokens = [], [], None, 0
        for batch in read_batches(batches, model, self.loss, as_array):
            if not optimizer.built:  # variables are made before the first compiled step, not in it
                with tf.GradientTape() as tape:
                    result = check_result(model(to_tensors(batch.X)))
                    value = None if self.loss is None else batch_loss(result, to_tensors(batch.Y), self.loss)[0]
                variables = check_trained(model.trainable_variables)
                if value is not None:
                    check_depends(any(each is not None for each in tape.gradient(value, variables)))
                optimizer.build(variables)
                if history.snapshot is not None:
                    put_back(history.snapshot, model, optimizer, float(self.lr))
            if carries_state and state is None:
                state = zero_state(model, batch)
            if self.decay:
                updates = history.updates + len(losses)
                optimizer.learning_rate = linear_decay(self.lr, updates, self.max_epochs, batches)
            loss, norm, new_state = update(batch, state)
            state = new_state if carries_state else None
            losses.append(float(loss))
            norms.append(float(norm))
            tokens += batch.count
        history.add_epoch(losses, norms, tokens)

    def _compile_update(self, model, optimizer):
        """One step of the optimiser, compiled: `(batch, state) -> (loss, gradient's norm before clipping, state)`."""

        def update(X, Y, state):
            with tf.GradientTape() as tape:
                loss, state = batch_loss(model(X, state, training=True), Y, self.loss)  # ()
            variables = model.trainable_variables
            gradients = [g if g is None else tf.convert_to_tensor(g) for g in tape.gradient(loss, variables)]
            norm = tf.linalg.global_norm(gradients)  # of dense ones: an embedding's would count each use of a row alone
            if self.clip_norm:
                gradients, _ = tf.clip_by_global_norm(gradients, self.clip_norm, use_norm=norm)
            optimizer.apply(gradients, variables)
            return loss, norm, state

        return compiled(update, model, self.loss)
