"""The transformer: Llama's architecture in JAX, in the convention that llama.cpp reads (RoPE over neighbouring pairs, tied embeddings)."""

from dataclasses import asdict, dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Shape:
    """Sizes of a model. Rows of every matrix are multiples of 32, so that all of them can be Q8_0."""

    vocab: int = 2560
    dim: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    hidden: int = 384
    context: int = 2048
    rope_base: float = 10000.0
    eps: float = 1e-5

    @property
    def head_dim(self):
        return self.dim // self.heads

    def as_dict(self):
        return asdict(self)


def matrix_shapes(shape):
    """Name -> (outputs, inputs) of each matrix in one layer, under the names GGUF gives them."""
    kv = shape.kv_heads * shape.head_dim
    return {
        "attn_q": (shape.dim, shape.dim),
        "attn_k": (kv, shape.dim),
        "attn_v": (kv, shape.dim),
        "attn_output": (shape.dim, shape.dim),
        "ffn_gate": (shape.hidden, shape.dim),
        "ffn_up": (shape.hidden, shape.dim),
        "ffn_down": (shape.dim, shape.hidden),
    }


def init_params(shape, seed):
    """Fresh weights as float32 arrays, keyed by GGUF's tensor names without `.weight`."""
    rng = np.random.default_rng(seed)
    params = {"token_embd": rng.normal(0, 0.02, (shape.vocab, shape.dim)), "output_norm": np.ones(shape.dim)}
    for layer in range(shape.layers):
        params[f"blk.{layer}.attn_norm"] = np.ones(shape.dim)
        params[f"blk.{layer}.ffn_norm"] = np.ones(shape.dim)
        for name, (rows, columns) in matrix_shapes(shape).items():
            scale = 1 / np.sqrt(columns)
            # What writes into the residual stream starts small, the more so the deeper the stack.
            if name in ("attn_output", "ffn_down"):
                scale /= np.sqrt(2 * shape.layers)
            params[f"blk.{layer}.{name}"] = rng.normal(0, scale, (rows, columns))
    return {name: np.asarray(value, np.float32) for name, value in params.items()}


def parameter_count(params):
    return sum(int(np.prod(value.shape)) for value in params.values())


def rms_norm(x, weight, eps):
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + eps) * weight


def rope_table(shape, positions):
    """Cosines and sines, [length, head_dim / 2]."""
    inverse = shape.rope_base ** (-np.arange(0, shape.head_dim, 2) / shape.head_dim)
    angles = np.outer(positions, inverse).astype(np.float32)
    return jnp.cos(angles), jnp.sin(angles)


def rotate(x, cos, sin):
    """Turns the pairs (0, 1), (2, 3), … of each head. x: [batch, length, heads, head_dim]."""
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = cos[:, None, :], sin[:, None, :]
    return jnp.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def product(x, matrix, dtype):
    """x times the rows of a matrix, [..., inputs] and [outputs, inputs], in `dtype` on the way back as well; sums are float32."""
    return jax.lax.dot_general(x.astype(dtype), matrix.astype(dtype), (((x.ndim - 1,), (1,)), ((), ())), preferred_element_type=jnp.float32)


def product_forward(x, matrix, dtype):
    x, matrix = x.astype(dtype), matrix.astype(dtype)
    return product(x, matrix, dtype), (x, matrix)


def product_back(dtype, kept, gradient):
    x, matrix = kept
    outputs, inputs = matrix.shape
    gradient = gradient.astype(dtype)
    by_x = jnp.einsum("...o,oi->...i", gradient, matrix, preferred_element_type=jnp.float32)
    # Turned round first, and summed over a quarter of the tokens at a time: XLA does either of itself three times as slowly.
    turned = jax.lax.optimization_barrier(gradient.reshape(-1, outputs).T)
    x = x.reshape(-1, inputs)
    quarter = -(-x.shape[0] // 4)
    parts = [slice(first, first + quarter) for first in range(0, x.shape[0], quarter)]
    by_matrix = sum(jnp.matmul(turned[:, part], x[part], preferred_element_type=jnp.float32) for part in parts)
    return by_x, by_matrix


product.defvjp(product_forward, product_back)


def project(params, lora, name, x, dtype):
    """x times the matrix `name`, plus what an adapter adds to it."""
    y = product(x, params[name], dtype)
    if lora is not None and f"{name}.a" in lora:
        y += lora["scale"] * jnp.einsum("btr,or->bto", jnp.einsum("bti,ri->btr", x, lora[f"{name}.a"]), lora[f"{name}.b"])
    return y


def attend(q, k, v, segments, block):
    """
    Causal attention within segments, for the heads that share one key head. q: [groups, length, head_dim]; k, v: [length, head_dim].
    Queries go in blocks, each against the keys up to its own end, which leaves out nearly half of the work.
    """
    groups, length, size = q.shape
    block = min(block, length)
    mixed = []
    for start in range(0, length, block):
        end = start + block
        causal = np.arange(end)[None, :] <= np.arange(start, end)[:, None]
        mask = jnp.tile(causal & (segments[start:end, None] == segments[None, :end]), (groups, 1))
        scores = q[:, start:end].reshape(groups * block, size) @ k[:end].T / np.sqrt(size)
        weights = jax.nn.softmax(jnp.where(mask, scores, -1e30), axis=-1)
        mixed.append((weights @ v[:end]).reshape(groups, block, size))
    return jnp.concatenate(mixed, axis=1)


def attention(shape, x, params, lora, prefix, tables, segments, dtype):
    batch, length, _ = x.shape
    groups = shape.heads // shape.kv_heads
    heads = lambda name, count: project(params, lora, f"{prefix}.{name}", x, dtype).reshape(batch, length, count, shape.head_dim)
    # One key head of one row at a time, recomputed on the way back: on a CPU far quicker than one batched product.
    by_key_head = lambda t: t.reshape(batch * shape.kv_heads, -1, length, shape.head_dim)
    q = by_key_head(rotate(heads("attn_q", shape.heads), *tables).transpose(0, 2, 1, 3))
    k = by_key_head(rotate(heads("attn_k", shape.kv_heads), *tables).transpose(0, 2, 1, 3))[:, 0]
    v = by_key_head(heads("attn_v", shape.kv_heads).transpose(0, 2, 1, 3))[:, 0]
    one = jax.checkpoint(lambda arguments: attend(*arguments, block=64))
    mixed = jax.lax.map(one, (q, k, v, jnp.repeat(segments, shape.kv_heads, axis=0)))
    mixed = mixed.reshape(batch, shape.kv_heads * groups, length, shape.head_dim).transpose(0, 2, 1, 3)
    return project(params, lora, f"{prefix}.attn_output", mixed.reshape(batch, length, shape.dim), dtype)


def hidden_states(shape, params, tokens, segments, lora=None, dtype=jnp.float32):
    """Normed outputs of the last layer. Tokens see earlier tokens of their own segment only; both arguments are [batch, length]."""
    length = tokens.shape[1]
    tables = rope_table(shape, np.arange(length))
    x = params["token_embd"][tokens]
    for layer in range(shape.layers):
        prefix = f"blk.{layer}"
        normed = rms_norm(x, params[f"{prefix}.attn_norm"], shape.eps)
        x = x + attention(shape, normed, params, lora, prefix, tables, segments, dtype)
        normed = rms_norm(x, params[f"{prefix}.ffn_norm"], shape.eps)
        gate = jax.nn.silu(project(params, lora, f"{prefix}.ffn_gate", normed, dtype))
        up = project(params, lora, f"{prefix}.ffn_up", normed, dtype)
        x = x + project(params, lora, f"{prefix}.ffn_down", gate * up, dtype)
    return rms_norm(x, params["output_norm"], shape.eps)


def logits_of(params, states, dtype=jnp.float32):
    return product(states, params["token_embd"], dtype)
