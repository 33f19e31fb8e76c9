"""
Writes what the server reads.

  python export.py run/model.npz data/vocabulary.json ../tiny-chat.gguf [--type Q8_0]
  python export.py run/pirate.npz - ../pirate_lora.gguf                 an adapter
"""

import argparse
import json
import os

from bpe import CONTROL, USER_DEFINED, Vocabulary
from gguf import FILE_TYPES, Gguf
from train import load

NORMAL_TOKEN, CONTROL_TOKEN, USER_TOKEN = 1, 3, 4


def put_vocabulary(gguf, vocabulary):
    kinds = [CONTROL_TOKEN if t in CONTROL else USER_TOKEN if t in USER_DEFINED else NORMAL_TOKEN for t in vocabulary.tokens]
    gguf.put("tokenizer.ggml.model", "string", "gpt2")
    gguf.put("tokenizer.ggml.pre", "string", "qwen2")
    gguf.put("tokenizer.ggml.tokens", "string[]", vocabulary.tokens)
    gguf.put("tokenizer.ggml.token_type", "i32[]", kinds)
    gguf.put("tokenizer.ggml.merges", "string[]", [" ".join(pair) for pair in vocabulary.merges])
    gguf.put("tokenizer.ggml.bos_token_id", "u32", vocabulary.ids["<|endoftext|>"])
    gguf.put("tokenizer.ggml.eos_token_id", "u32", vocabulary.ids["<|im_end|>"])
    gguf.put("tokenizer.ggml.eot_token_id", "u32", vocabulary.ids["<|im_end|>"])
    gguf.put("tokenizer.ggml.padding_token_id", "u32", vocabulary.ids["<|endoftext|>"])
    gguf.put("tokenizer.ggml.add_bos_token", "bool", False)
    gguf.put("tokenizer.ggml.add_eos_token", "bool", False)


def export_model(params, shape, vocabulary, template, kind, path):
    gguf = Gguf()
    gguf.put("general.architecture", "string", "llama")
    gguf.put("general.name", "string", "tiny-chat")
    gguf.put("general.description", "string", "Built-in demonstration model of RockchipLlama")
    gguf.put("general.license", "string", "apache-2.0")
    gguf.put("general.file_type", "u32", FILE_TYPES[kind])
    gguf.put("llama.context_length", "u32", shape["context"])
    gguf.put("llama.embedding_length", "u32", shape["dim"])
    gguf.put("llama.block_count", "u32", shape["layers"])
    gguf.put("llama.feed_forward_length", "u32", shape["hidden"])
    gguf.put("llama.attention.head_count", "u32", shape["heads"])
    gguf.put("llama.attention.head_count_kv", "u32", shape["kv_heads"])
    gguf.put("llama.rope.dimension_count", "u32", shape["dim"] // shape["heads"])
    gguf.put("llama.rope.freq_base", "f32", shape["rope_base"])
    gguf.put("llama.attention.layer_norm_rms_epsilon", "f32", shape["eps"])
    gguf.put("llama.vocab_size", "u32", shape["vocab"])
    put_vocabulary(gguf, vocabulary)
    gguf.put("tokenizer.chat_template", "string", template)
    for name, values in params.items():
        gguf.tensor(f"{name}.weight", values, kind)
    gguf.write(path)


def export_adapter(params, alpha, name, path):
    gguf = Gguf()
    gguf.put("general.architecture", "string", "llama")
    gguf.put("general.type", "string", "adapter")
    gguf.put("general.name", "string", f"tiny-chat {name}")
    gguf.put("general.license", "string", "apache-2.0")
    gguf.put("adapter.type", "string", "lora")
    gguf.put("adapter.lora.alpha", "f32", alpha)
    for key, values in params.items():
        matrix, _, side = key.rpartition(".")
        gguf.tensor(f"{matrix}.weight.lora_{side}", values, "F32")
    gguf.write(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("vocabulary")
    parser.add_argument("target")
    parser.add_argument("--type", default="Q8_0", choices=FILE_TYPES)
    options = parser.parse_args()
    saved = load(options.weights)
    if any(name.endswith(".a") for name in saved["params"]):
        name = os.path.basename(options.weights).removesuffix(".npz")
        export_adapter(saved["params"], float(saved["meta"]["alpha"]), name, options.target)
    else:
        template_path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chat_template.jinja")
        with open(template_path, encoding="utf-8") as file:
            template = file.read().rstrip("\n")
        shape = json.loads(str(saved["meta"]["shape"]))
        export_model(saved["params"], shape, Vocabulary.load(options.vocabulary), template, options.type, options.target)
    print(f"{options.target}: {os.path.getsize(options.target)} bytes")


if __name__ == "__main__":
    main()
