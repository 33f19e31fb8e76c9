"""
Checks an exported model on a running server against the model's own greedy answers in JAX. F32 has to agree to the last token; Q8_0 may leave
the common path where two tokens are almost equally likely.

  python check_export.py run/model.npz data/vocabulary.json data/held-out.jsonl http://127.0.0.1:8080 MODEL [--count 40] [--exact]
"""

import argparse
import itertools
import json
import sys
import urllib.request

from answer import Answerer
from bpe import Vocabulary
from chat_format import prompt_and_answer

TOKENS_MAX = 100


def complete(server, model, ids):
    body = {"model": model, "prompt": ids, "temperature": 0, "max_tokens": TOKENS_MAX}
    request = urllib.request.Request(f"{server}/v1/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)["choices"][0]["text"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("weights", "vocabulary", "conversations", "server", "model"):
        parser.add_argument(name)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--exact", action="store_true", help="fail when an answer differs")
    options = parser.parse_args()
    vocabulary = Vocabulary.load(options.vocabulary)
    answerer = Answerer(options.weights, vocabulary)
    equal = same = tokens = 0
    with open(options.conversations, encoding="utf-8") as file:
        for line in itertools.islice(file, options.count):
            prompt, _ = prompt_and_answer(json.loads(line))
            ids, gaps = answerer.answer(prompt, TOKENS_MAX)
            ended = ids[-1:] == [vocabulary.ids["<|im_end|>"]]
            wanted = vocabulary.decode(ids[:-1] if ended else ids)
            got = complete(options.server, options.model, vocabulary.encode(prompt))
            shared = next((i for i, (a, b) in enumerate(zip(wanted, got)) if a != b), min(len(wanted), len(got)))
            tokens += len(ids)
            equal += got == wanted
            same += shared / max(1, len(wanted), len(got))
            if got != wanted:
                print(f"leaves at character {shared}, smallest gap {min(gaps):.4f}:\n  JAX    {wanted!r}\n  server {got!r}")
    print(f"{equal} of {options.count} answers equal ({tokens} tokens), common beginning {same / options.count:.1%}")
    sys.exit(1 if options.exact and equal < options.count else 0)


if __name__ == "__main__":
    main()
