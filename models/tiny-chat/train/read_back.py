"""
Reads an exported model back, so that training can go on from the weights that are shipped (train.py --from run/model.npz): writes
run/model.npz and data/vocabulary.json.

  python read_back.py ../tiny-chat.gguf [--run run] [--data data]
"""

import argparse
import json
import os
import struct

import numpy as np

from bpe import Vocabulary
from gguf import ALIGNMENT, ARRAY, BLOCK, STRING, TENSOR_TYPES, TYPES
from model import Shape
from train import ALPHA, save

KINDS = {code: layout for code, layout in TYPES.values()}
SHAPE_KEYS = {
    "dim": "embedding_length", "layers": "block_count", "heads": "attention.head_count", "kv_heads": "attention.head_count_kv", "hidden": "feed_forward_length",
    "context": "context_length", "rope_base": "rope.freq_base", "eps": "attention.layer_norm_rms_epsilon",
}


class Reader:
    def __init__(self, data):
        self._data, self.at = data, 0

    def number(self, layout):
        (value,) = struct.unpack_from(layout, self._data, self.at)
        self.at += struct.calcsize(layout)
        return value

    def text(self):
        size = self.number("<Q")
        self.at += size
        return self._data[self.at - size : self.at].decode()

    def value(self, code):
        if code == ARRAY:
            inner, count = self.number("<I"), self.number("<Q")
            return [self.value(inner) for _ in range(count)]
        return self.text() if code == STRING else self.number(KINDS[code])


def decode(data, kind, dims):
    count = int(np.prod(dims))
    if kind == TENSOR_TYPES["Q8_0"]:
        blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("bytes", "i1", BLOCK)]), count // BLOCK)
        flat = blocks["scale"].astype(np.float32)[:, None] * blocks["bytes"]
    else:
        flat = np.frombuffer(data, "<f2" if kind == TENSOR_TYPES["F16"] else "<f4", count)
    return flat.astype(np.float32).reshape(dims[::-1])


def read(path):
    """(entries, tensors)"""
    with open(path, "rb") as file:
        data = file.read()
    reader = Reader(data)
    magic, version, tensor_count, entry_count = struct.unpack_from("<4sIQQ", data)
    assert (magic, version) == (b"GGUF", 3), path
    reader.at = struct.calcsize("<4sIQQ")
    entries = {}
    for _ in range(entry_count):
        key = reader.text()
        entries[key] = reader.value(reader.number("<I"))
    places = {}
    for _ in range(tensor_count):
        name = reader.text()
        dims = [reader.number("<Q") for _ in range(reader.number("<I"))]
        places[name] = (dims, reader.number("<I"), reader.number("<Q"))
    start = reader.at + -reader.at % ALIGNMENT
    return entries, {name: decode(data[start + offset :], kind, dims) for name, (dims, kind, offset) in places.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--run", default="run")
    parser.add_argument("--data", default="data")
    options = parser.parse_args()
    entries, tensors = read(options.model)
    params = {name.removesuffix(".weight"): value for name, value in tensors.items()}
    shape = Shape(vocab=len(entries["tokenizer.ggml.tokens"]), **{ours: entries[f"llama.{theirs}"] for ours, theirs in SHAPE_KEYS.items()})
    meta = {"shape": json.dumps(shape.as_dict()), "step": 0, "seconds": 0.0, "alpha": ALPHA}
    for folder in (options.run, options.data):
        os.makedirs(folder, exist_ok=True)
    save(os.path.join(options.run, "model.npz"), params=params, meta=meta)
    merges = [tuple(pair.split(" ")) for pair in entries["tokenizer.ggml.merges"]]
    Vocabulary(entries["tokenizer.ggml.tokens"], merges).save(os.path.join(options.data, "vocabulary.json"))
    print(f"{options.model}: {sum(value.size for value in params.values())} weights, {shape.vocab} tokens")


if __name__ == "__main__":
    main()
