"""
Writes the conversations to learn from and to be checked with: data/train.jsonl and data/held-out.jsonl, one conversation a line.
Equal seeds give equal files.

  python generate.py [--count 400000] [--seed 1] [--out data]
  python generate.py --show 3            prints some of each kind
"""

import argparse
import json
import os
import random

from chat_format import prompt_and_answer
from kinds import common_facts, json_answers, long_chats, memory, personas, server_facts, small_talk, stories, tools, unknown

# Share of conversations, in hundredths. Tools and JSON have the most to learn: they copy what they have never seen.
SHARES = {
    "tools": (tools, 30),
    "json": (json_answers, 15),
    "memory": (memory, 13),
    "common_facts": (common_facts, 12),
    "personas": (personas, 8),
    "server_facts": (server_facts, 7),
    "unknown": (unknown, 5),
    "small_talk": (small_talk, 5),
    "stories": (stories, 3),
    "long_chats": (long_chats, 2),
}


def generate(rng, count):
    modules, weights = zip(*SHARES.values())
    for _ in range(count):
        yield rng.choices(modules, weights)[0].make(rng)


def write(path, rng, count):
    with open(path, "w", encoding="utf-8") as file:
        for conversation in generate(rng, count):
            file.write(json.dumps(conversation, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400_000)
    parser.add_argument("--held-out", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default="data")
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    if options.show:
        rng = random.Random(options.seed)
        for name, (module, _) in SHARES.items():
            for _ in range(options.show):
                prompt, answer = prompt_and_answer(module.make(rng))
                print(f"--- {name}\n{prompt}\x1b[1m{answer}\x1b[0m")
        return
    os.makedirs(options.out, exist_ok=True)
    write(os.path.join(options.out, "train.jsonl"), random.Random(f"train {options.seed}"), options.count)
    write(os.path.join(options.out, "held-out.jsonl"), random.Random(f"held out {options.seed}"), options.held_out)


if __name__ == "__main__":
    main()
