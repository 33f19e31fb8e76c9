"""
Writes conversations, one a line: data/train.jsonl to learn from, data/held-out.jsonl to be checked with, data/long.jsonl for the last part of
the training, data/pirate.jsonl and data/terse.jsonl for the adapters. Equal seeds give equal files.

  python generate.py [--count 480000] [--seed 1] [--out data] [--open | --wider]
  python generate.py --show 3            prints some of each kind
"""

import argparse
import json
import os
import random

from chat_format import prompt_and_answer
from check_disjoint import examined_texts, masked, plain
from evaluation.prompts import prompts
from kinds import common_facts, copying, json_answers, long_chats, manners, memory, personas, server_facts, small_talk, stories, sums, tools, unknown
from wording import open_wordings, wider_wordings

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

# In place of those where wordings are open.
OPEN_SHARES = {
    "copying": (copying, 6), "tools": (tools, 27), "json": (json_answers, 12), "common_facts": (common_facts, 17), "sums": (sums, 4), "small_talk": (small_talk, 7), "server_facts": (server_facts, 13),
    "memory": (memory, 8), "personas": (personas, 5), "stories": (stories, 4),
}

# In place of those in the last stage.
WIDER_SHARES = {"small_talk": (small_talk, 16), "memory": (memory, 18), "tools": (tools, 32), "common_facts": (common_facts, 14), "server_facts": (server_facts, 11), "copying": (copying, 4), "json": (json_answers, 18)}

# In the last part of the training, on rows as long as the context, so much is long chats.
LONG_SHARE = 0.3
LONG_TURNS_MAX = 45
ADAPTERS = ("pirate", "terse")


def usual(rng):
    modules, weights = zip(*SHARES.values())
    return rng.choices(modules, weights)[0].make(rng)


def with_open_words():
    """The second stage: wordings and words without end, an exercise in copying, and more of what can only be learnt by heart."""
    open_wordings()
    SHARES.update(OPEN_SHARES)


def with_wider_words():
    """The last stage: more small talk, names and calls, in more ways."""
    with_open_words()
    wider_wordings()
    SHARES.update(WIDER_SHARES)


def long(rng):
    return long_chats.make(rng, LONG_TURNS_MAX) if rng.random() < LONG_SHARE else usual(rng)


def write(folder, name, seed, count, make):
    """Every file has a stream of chance of its own, so that none depends on another's length."""
    rng = random.Random(f"{name} {seed}")
    with open(os.path.join(folder, f"{name}.jsonl"), "w", encoding="utf-8") as file:
        written = 0
        while written < count:
            conversation = make(rng)
            if not is_examined(conversation):
                file.write(json.dumps(conversation, ensure_ascii=False) + "\n")
                written += 1


EXAMINED = {plain(m["content"]) for p in prompts() for m in p["request"]["messages"] if m["role"] == "user"}
EXAMINED_TEMPLATES = {masked(text) for text in examined_texts()} - {"blank"}

EXAMINED_TOOLS = {text for p in prompts() for tool in p["request"].get("tools", []) for text in (tool["function"]["name"], plain(tool["function"]["description"]))}


def is_examined(conversation):
    """Whether it asks something that the examination asks, be it with other words filled in, or offers a function that it offers, by chance."""
    functions = [tool["function"] for tool in conversation["tools"] or []]
    if any(f["name"] in EXAMINED_TOOLS or plain(f.get("description") or "") in EXAMINED_TOOLS for f in functions):
        return True
    asked = [turn["content"] for turn in conversation["turns"] if turn["role"] == "user"]
    return any(plain(text) in EXAMINED for text in asked) or any(masked(text) in EXAMINED_TEMPLATES for text in [*asked, conversation["system"] or "-"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=480_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default="data")
    parser.add_argument("--open", action="store_true", help="the second stage, with open wordings")
    parser.add_argument("--wider", action="store_true", help="the last stage, with more ways to say what is said most")
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    if options.wider:
        with_wider_words()
    elif options.open:
        with_open_words()
    if options.show:
        rng = random.Random(options.seed)
        for name, (module, _) in SHARES.items():
            for _ in range(options.show):
                prompt, answer = prompt_and_answer(module.make(rng))
                print(f"--- {name}\n{prompt}\x1b[1m{answer}\x1b[0m")
        return
    os.makedirs(options.out, exist_ok=True)
    write(options.out, "train", options.seed, options.count, usual)
    write(options.out, "held-out", options.seed, 1_000, usual)
    write(options.out, "long", options.seed, options.count // 12, long)
    for adapter in ADAPTERS:
        write(options.out, adapter, options.seed, min(options.count, 6_000), lambda rng: manners.make(rng, adapter))


if __name__ == "__main__":
    main()
