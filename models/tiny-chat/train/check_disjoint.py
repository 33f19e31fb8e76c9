"""
Proves that the examination is none of what was learnt: no prompt of it stands among the generated conversations, no word of its lists is in
the generator's lists, no function shares name, description or set of parameters with a generated one.

  python check_disjoint.py data/train.jsonl
"""

import json
import re
import sys

from evaluation import schemas, words
from evaluation.prompts import prompts
from kinds import tool_schemas
from kinds import words as taught

LISTS = {
    "NAMES": taught.NAMES, "CITIES": taught.CITIES, "JOBS": taught.JOBS, "FOODS": taught.FOODS, "COLOURS": taught.COLOURS,
    "SPORTS": taught.SPORTS, "ANIMALS": taught.ANIMALS, "HOBBIES": taught.HOBBIES, "THINGS": taught.THINGS, "PETS": taught.PET_NAMES,
    "TOPICS": taught.TOPICS,
}
# Masking is slow; so many conversations hold every template many times.
MASKED_MAX = 30_000
EVERYTHING_TAUGHT = {word for entries in LISTS.values() for word in entries}


def plain(text):
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


FILLERS = sorted(EVERYTHING_TAUGHT | {word for name in LISTS for word in getattr(words, name)}, key=len, reverse=True)
FILLER = re.compile(r"\b(" + "|".join(re.escape(word) for word in FILLERS) + r")\b|\d+")


def masked(text):
    """Without the words that fill templates, so that equal templates come out equal."""
    return plain(FILLER.sub("blank", text))


def signature(tool):
    function = tool["function"]
    return function["name"], function.get("description"), frozenset(function["parameters"]["properties"])


def examined_texts():
    """What the examination asks, and its system texts; orders for JSON are the server's own text and its like, which is taught on purpose."""
    requests = [(p["kind"], p["request"]["messages"]) for p in prompts()]
    asked = [messages[-1]["content"] for _, messages in requests if messages[-1]["role"] == "user"]
    return asked + [m["content"] for kind, messages in requests for m in messages if m["role"] == "system" and kind != "json"]


def main():
    problems = []
    for name, entries in LISTS.items():
        shared = set(getattr(words, name)) & EVERYTHING_TAUGHT
        problems += [f"{word} is taught" for word in sorted(shared)]
    texts = examined_texts()
    exact, templates = {plain(text) for text in texts}, {masked(text) for text in texts}
    examined = [t for family in (schemas.WEATHER, schemas.TIME, schemas.CALCULATOR, schemas.SEARCH) for t, _ in family] + schemas.DISTRACTORS
    names = {n for family in tool_schemas.FAMILIES.values() for n in family["names"]} | {n for n, _, _ in tool_schemas.OTHERS}
    problems += [f"the function {t['function']['name']} is taught" for t in examined if t["function"]["name"] in names]
    offered, descriptions, seen_templates = set(), set(), {}
    count = 0
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            conversation = json.loads(line)
            count += 1
            for tool in conversation["tools"] or []:
                offered.add(tool["function"]["name"])
                descriptions.add(plain(tool["function"].get("description") or "-"))
            for text in [conversation["system"] or "-", *(t["content"] for t in conversation["turns"] if t["role"] == "user")]:
                if plain(text) in exact:
                    problems.append(f"taught word for word: {text}")
                elif count <= MASKED_MAX and (mask := masked(text)) in templates and mask != "blank":
                    seen_templates.setdefault(mask, text)
    problems += [f"a taught template: {text}" for text in seen_templates.values()]
    problems += [f"the function {t['function']['name']} is offered" for t in examined if t["function"]["name"] in offered]
    problems += [f"the description of {t['function']['name']} is taught" for t in examined if plain(t["function"]["description"]) in descriptions]
    for problem in sorted(set(problems)):
        print(problem)
    print(f"{len(texts)} questions and system texts against {count} conversations: {len(set(problems))} shared")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
