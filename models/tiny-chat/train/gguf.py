"""Writes GGUF version 3. source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

import struct

import numpy as np

ALIGNMENT = 32
TYPES = {"u32": (4, "<I"), "i32": (5, "<i"), "f32": (6, "<f"), "bool": (7, "<?")}
STRING, ARRAY = 8, 9
TENSOR_TYPES = {"F32": 0, "F16": 1, "Q8_0": 8}
FILE_TYPES = {"F32": 0, "F16": 1, "Q8_0": 7}
BLOCK = 32


def string(text):
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def q8_0(values):
    """
    Blocks of 32 weights: a half-precision scale and 32 signed bytes. Rounded as llama.cpp's reference does: the bytes by the scale before it is
    shortened to half precision, halves away from zero.
    """
    blocks = np.asarray(values, np.float32).reshape(-1, BLOCK)
    scale = np.abs(blocks).max(axis=1) / np.float32(127)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale > 0)
    scaled = blocks * inverse[:, None]
    out = np.empty(len(blocks), np.dtype([("scale", "<f2"), ("bytes", "i1", BLOCK)]))
    out["scale"] = scale
    out["bytes"] = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8)
    return out.tobytes()


def encode(values, kind):
    if kind == "F32":
        return np.asarray(values, "<f4").tobytes()
    if kind == "F16":
        return np.asarray(values, "<f2").tobytes()
    return q8_0(values)


class Gguf:
    def __init__(self):
        self._entries, self._tensors = [], []

    def put(self, key, kind, value):
        """One value, or a list for kinds such as `i32[]` and `string[]`."""
        head = string(key)
        if kind.endswith("[]"):
            code = STRING if kind == "string[]" else TYPES[kind[:-2]][0]
            body = b"".join(self._value(kind[:-2], item) for item in value)
            self._entries.append(head + struct.pack("<IIQ", ARRAY, code, len(value)) + body)
        else:
            code = STRING if kind == "string" else TYPES[kind][0]
            self._entries.append(head + struct.pack("<I", code) + self._value(kind, value))

    @staticmethod
    def _value(kind, value):
        return string(value) if kind == "string" else struct.pack(TYPES[kind][1], value)

    def tensor(self, name, values, kind):
        """Matrices go row by row. What has no rows of whole blocks, norms for one, stays F32."""
        if values.ndim < 2 or (kind == "Q8_0" and values.shape[-1] % BLOCK):
            kind = "F32"
        self._tensors.append((name, values.shape[::-1], kind, encode(values, kind)))

    def write(self, path):
        head = [struct.pack("<4sIQQ", b"GGUF", 3, len(self._tensors), len(self._entries)), *self._entries]
        offset = 0
        for name, dims, kind, data in self._tensors:
            sizes = b"".join(struct.pack("<Q", size) for size in dims)
            head.append(string(name) + struct.pack("<I", len(dims)) + sizes + struct.pack("<IQ", TENSOR_TYPES[kind], offset))
            offset += len(data) + -len(data) % ALIGNMENT
        start = b"".join(head)
        with open(path, "wb") as file:
            file.write(start + bytes(-len(start) % ALIGNMENT))
            for *_, data in self._tensors:
                file.write(data + bytes(-len(data) % ALIGNMENT))
