"""
Trains the model, or an adapter for it. Ends with run/model.npz; a run that was broken off goes on from its last checkpoint.

  python train.py --hours 3.4               the long run: as many steps as fit
  python train.py --steps 200 --run run/try a short one
  python train.py --steps 500 --from run/model.npz --run run/further
                                            goes on from what was learnt, perhaps with other data
  python train.py --adapter pirate          a LoRA adapter for run/model.npz, from data/pirate.npz
"""

import argparse
import json
import os
import time

CORES = int(os.environ.get("TRAIN_CORES", str(os.cpu_count() or 1)))
# A device for each core, each with one thread: rows are shared out among them, which scales better than threads inside a product.
# With low priority on a busy machine one core may get no time for minutes: XLA would take its thread for stuck and end the run.
PATIENCE_S = 600
os.environ["XLA_FLAGS"] = " ".join(
    [
        f"--xla_force_host_platform_device_count={CORES}",
        "--xla_cpu_multi_thread_eigen=false",
        f"--xla_cpu_collective_call_terminate_timeout_seconds={PATIENCE_S}",
        os.environ.get("XLA_FLAGS", ""),
    ]
)
os.environ["JAX_PLATFORMS"] = "cpu"
# Threads that wait for the others' sums hold no core, but without spare ones nobody may be left to finish what they wait for.
os.environ.setdefault("PJRT_NPROC", str(4 * CORES))

import jax  # noqa: E402

# For the same reason: one step at a time.
jax.config.update("jax_cpu_enable_async_dispatch", False)

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P  # noqa: E402

from dataset import Rows  # noqa: E402
from model import Shape, hidden_states, init_params, logits_of, matrix_shapes, parameter_count  # noqa: E402

DTYPE = jnp.bfloat16
BETAS, EPSILON, DECAY, CLIP = (0.9, 0.95), 1e-8, 0.05, 1.0
MUON_MOMENTUM, MUON_SCALE = 0.95, 0.2
FALL = 0.35  # of a run, its last part, in which the rate falls
ADAPTED, RANK, ALPHA = ("attn_q", "attn_k", "attn_v", "attn_output"), 4, 8.0


def loss_sums(shape, params, lora, batch, room):
    """(sum of losses, tokens that count, right guesses). Logits are made for `room` positions only: most positions teach nothing."""
    tokens, parts, targets, weights = batch
    states = hidden_states(shape, params, tokens, parts, lora, DTYPE).reshape(-1, shape.dim)
    flat = weights.reshape(-1)
    chosen = jnp.argsort(-flat, stable=True)[:room]
    logits = logits_of(params, states[chosen], DTYPE)
    right = targets.reshape(-1)[chosen]
    losses = jax.nn.logsumexp(logits, axis=-1) - jnp.take_along_axis(logits, right[:, None], axis=-1)[:, 0]
    counted = flat[chosen]
    return jnp.sum(losses * counted), jnp.sum(counted), jnp.sum((logits.argmax(-1) == right) * counted)


def sharded(function, mesh):
    """Runs on every device's share of the rows and adds up. `function(weights, batch)` returns sums."""
    shared = (P(), (P("rows"),) * 4)
    total = lambda *arguments: jax.tree.map(lambda value: jax.lax.psum(value, "rows"), function(*arguments))
    return jax.jit(jax.shard_map(total, mesh=mesh, in_specs=shared, out_specs=P(), check_vma=False))


def orthogonal(matrix):
    """Nearly the matrix with all singular values brought to 1, by five Newton-Schulz steps. source: Keller Jordan's Muon"""
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (jnp.linalg.norm(x) + 1e-7)
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


def adamw(learnt, grads, moments, step, rate, muon=False):
    """
    One step of AdamW with clipping; matrices decay, norms do not. With `muon`, the matrices inside the layers get Muon's step instead, scaled
    to the size of AdamW's, so that one rate serves both.
    """
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in grads.values()))
    clip = jnp.minimum(1.0, CLIP / (norm + 1e-9))
    first, second, after = {}, {}, {}
    for name, grad in grads.items():
        grad = grad * clip
        first[name] = BETAS[0] * moments[0][name] + (1 - BETAS[0]) * grad
        second[name] = BETAS[1] * moments[1][name] + (1 - BETAS[1]) * grad * grad
        update = (first[name] / (1 - BETAS[0] ** step)) / (jnp.sqrt(second[name] / (1 - BETAS[1] ** step)) + EPSILON)
        if muon and grad.ndim == 2 and name.startswith("blk."):
            first[name] = MUON_MOMENTUM * moments[0][name] + grad
            update = MUON_SCALE * max(grad.shape) ** 0.5 * orthogonal(grad + MUON_MOMENTUM * first[name])
        decay = DECAY * learnt[name] if learnt[name].ndim == 2 else 0.0
        after[name] = learnt[name] - rate * (update + decay)
    return after, (first, second), norm


def rate_at(progress, peak, warm_up, fall=FALL):
    """Linear warm-up, level, then straight down to a fiftieth: a run can be lengthened from where it began to fall."""
    level = min(1.0, (1 - progress) / fall)
    return peak * min(progress / warm_up + 1e-3, max(level, 0.02))


def init_lora(shape, seed):
    rng = np.random.default_rng(seed)
    lora = {}
    for layer in range(shape.layers):
        for name in ADAPTED:
            rows, columns = matrix_shapes(shape)[name]
            lora[f"blk.{layer}.{name}.a"] = rng.normal(0, 1 / np.sqrt(columns), (RANK, columns)).astype(np.float32)
            lora[f"blk.{layer}.{name}.b"] = np.zeros((rows, RANK), np.float32)
    return lora


def save(path, **groups):
    """Arrays under `group/name`; written beside and renamed, so that a broken run leaves the last checkpoint whole."""
    flat = {f"{group}/{name}": np.asarray(value) for group, values in groups.items() for name, value in values.items()}
    with open(path + ".part", "wb") as file:
        np.savez(file, **flat)
    os.replace(path + ".part", path)


def load(path):
    groups = {}
    with np.load(path) as saved:
        for key in saved.files:
            group, _, name = key.partition("/")
            groups.setdefault(group, {})[name] = saved[key]
    return groups


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="data")
    parser.add_argument("--run", default="run")
    parser.add_argument("--shape", default="{}", help="sizes that differ from model.py's, as JSON")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--hours", type=float)
    parser.add_argument("--stop-at", type=float, default=1.0, help="break off at so much of the run; another call goes on, perhaps with other data")
    parser.add_argument("--stop-after", type=int, help="break off after so many steps of this call, as a power cut would")
    parser.add_argument("--rows", type=int, default=16, help="rows in a batch, over all cores")
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--long-share", type=float, default=0.06, help="last part of the run, on long rows of data/long.npz")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--fall", type=float, default=FALL, help="part of the run, its last, in which the rate falls")
    parser.add_argument("--from", dest="origin", help="weights to begin with, a model or a checkpoint; moments begin at zero")
    parser.add_argument("--muon", action="store_true", help="Muon for the matrices inside the layers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log-every", type=int, default=50)
    parser.add_argument("--checkpoint-every", type=int, default=200)
    parser.add_argument("--adapter")
    return parser.parse_args()


class Trainer:
    def __init__(self, options):
        self.options = options
        self.adapter = options.adapter
        self.mesh = Mesh(np.array(jax.devices()), ("rows",))
        self.path = os.path.join(options.run, f"{self.adapter or 'model'}.npz")
        self.checkpoint = self.path.replace(".npz", ".checkpoint.npz")
        os.makedirs(options.run, exist_ok=True)
        if self.adapter:
            base = load(os.path.join(options.run, "model.npz"))
            self.shape = Shape(**json.loads(str(base["meta"]["shape"])))
            self.base = {name: jnp.asarray(value) for name, value in base["params"].items()}
            self.learnt = init_lora(self.shape, options.seed)
        else:
            with open(os.path.join(options.data, "vocabulary.json"), encoding="utf-8") as file:
                vocab = len(json.load(file)["tokens"])
            self.shape = Shape(**{"vocab": vocab, **json.loads(options.shape)})
            self.base = None
            self.learnt = load(options.origin)["params"] if options.origin else init_params(self.shape, options.seed)
        self.step, self.seconds = 0, 0.0
        self.moments = tuple({name: np.zeros_like(value) for name, value in self.learnt.items()} for _ in range(2))
        if os.path.exists(self.checkpoint):
            saved = load(self.checkpoint)
            self.learnt, self.moments = saved["params"], (saved["first"], saved["second"])
            self.step, self.seconds = int(saved["meta"]["step"]), float(saved["meta"]["seconds"])
            print(f"going on from step {self.step}")
        # Placed as the steps return them, or the second step would be compiled anew.
        everywhere = NamedSharding(self.mesh, P())
        self.learnt, self.moments = jax.device_put((self.learnt, self.moments), everywhere)
        self._steps = {}

    def split(self, weights):
        return (self.base, {**weights, "scale": ALPHA / RANK}) if self.adapter else (weights, None)

    def step_function(self, rows, length):
        """Compiled once for each size of a batch: update(weights, moments, batch, step, rate)."""
        if (rows, length) not in self._steps:
            # Room enough for what is learnt: a quarter of the tokens, two fifths on long rows, half with adapters.
            share = 80 if self.adapter else 45 if length < self.shape.context else 65
            room = rows * length // len(jax.devices()) * share // 100

            def sums(weights, batch):
                return loss_sums(self.shape, *self.split(weights), batch, room)

            def with_grads(weights, batch):
                (loss, more), grads = jax.value_and_grad(lambda w: (lambda s: (s[0], s[1:]))(sums(w, batch)), has_aux=True)(weights)
                return loss, *more, grads

            gradients = sharded(with_grads, self.mesh)

            def update(weights, moments, batch, step, rate):
                loss, counted, _, grads = gradients(weights, batch)
                grads = {name: grad / counted for name, grad in grads.items()}
                weights, moments, norm = adamw(weights, grads, moments, step, rate, self.options.muon)
                return weights, moments, loss / counted, norm

            self._steps[rows, length] = (jax.jit(update, donate_argnums=(0, 1)), sharded(sums, self.mesh))
        return self._steps[rows, length]

    def save(self, path, checkpoint):
        meta = {"shape": json.dumps(self.shape.as_dict()), "step": self.step, "seconds": self.seconds, "alpha": ALPHA}
        state = {"first": self.moments[0], "second": self.moments[1]} if checkpoint else {}
        save(path, params=self.learnt, meta=meta, **state)

    def check(self, rows, held_out):
        """(loss, share of right tokens) on conversations that are not learnt from."""
        _, evaluate = self.step_function(rows, held_out.length)
        sums = np.zeros(3)
        for first in range(0, min(len(held_out), 96) // rows * rows, rows):
            sums += np.array([float(value) for value in evaluate(self.learnt, held_out.batch(first, rows))])
        return sums[0] / max(1, sums[1]), sums[2] / max(1, sums[1])

    def progress(self, steps):
        """How far the run is, from 0 to 1, by steps or by the clock."""
        return self.step / steps if steps else self.seconds / (self.options.hours * 3600)

    def train(self):
        options = self.options
        name = self.adapter or "train"
        usual = Rows(os.path.join(options.data, f"{name}.npz"), options.length, options.seed)
        held_out = Rows(os.path.join(options.data, f"{self.adapter}.npz" if self.adapter else "held-out.npz"), options.length, 0)
        has_long = not self.adapter and options.long_share > 0 and os.path.exists(os.path.join(options.data, "long.npz"))
        long = Rows(os.path.join(options.data, "long.npz"), self.shape.context, options.seed) if has_long else None
        print(f"{parameter_count(self.learnt)} weights to learn, {len(jax.devices())} devices, {len(usual)} rows of {options.length}")
        began, begun_at, tokens, last = time.time(), self.step, 0, time.time()
        while self.progress(options.steps) < options.stop_at:
            progress = self.progress(options.steps)
            late = long is not None and progress >= 1 - options.long_share
            data = long if late else usual
            rows = max(len(jax.devices()), options.rows * options.length // data.length)
            update, _ = self.step_function(rows, data.length)
            batch = data.batch(self.step * rows, rows)
            self.step += 1
            rate = rate_at(progress, options.rate, 0.05 if self.adapter else 0.02, options.fall)
            self.learnt, self.moments, loss, norm = update(self.learnt, self.moments, batch, self.step, rate)
            # Devices would queue dozens of steps, and the clock would know only of the queueing.
            jax.block_until_ready(loss)
            tokens += rows * data.length
            if self.step % options.log_every == 0 or self.step == begun_at + 2:
                loss, now = float(loss), time.time()
                held, right = self.check(options.rows, held_out) if self.step % (options.log_every * 5) == 0 else (float("nan"),) * 2
                print(
                    f"step {self.step} ({progress:.1%})  loss {loss:.4f}  held out {held:.4f} ({right:.1%} right)  norm {float(norm):.2f}  "
                    f"rate {rate:.2e}  {tokens / (now - last):.0f} tokens/s",
                    flush=True,
                )
                tokens, last = 0, time.time()
            self.seconds += time.time() - began
            began = time.time()
            if self.step % options.checkpoint_every == 0:
                self.save(self.checkpoint, True)
                if not self.adapter and self.progress(options.steps) < 1 - FALL:
                    self.save(self.path.replace(".npz", ".level.npz"), True)
            if options.stop_after and self.step - begun_at >= options.stop_after:
                return
        self.save(self.checkpoint, True)
        if options.stop_at < 1:
            return
        held, right = self.check(options.rows, held_out)
        self.save(self.path, False)
        print(f"{self.path}: step {self.step}, {self.seconds / 60:.0f} minutes, held out {held:.4f} ({right:.1%} right)")


if __name__ == "__main__":
    Trainer(arguments()).train()
