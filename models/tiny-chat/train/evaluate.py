"""
Examines a model on a running server, at temperature 0.

  python evaluate.py http://127.0.0.1:8080 [--model tiny-chat] [--taught data/train.jsonl] [--show]
"""

import argparse
import collections
import json
import re
import sys
import urllib.request

from evaluation.prompts import prompts

REPETITION_MAX = 0.25
STORY_WORDS_MIN = 20


def ask(server, body):
    request = urllib.request.Request(f"{server}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)["choices"][0]


def repetition(text):
    """The share of word triples that have stood there before."""
    words = re.findall(r"[a-z']+", text.lower())
    triples = list(zip(words, words[1:], words[2:]))
    return 1 - len(set(triples)) / len(triples) if triples else 1.0


def words_of(text):
    return re.findall(r"[a-z]+", text.lower())


def spelling_list(path):
    words = set()
    with open(path, encoding="utf-8") as file:
        for conversation in map(json.loads, file):
            if conversation["kind"] == "stories":
                words.update(words_of(conversation["turns"][-1]["content"]))
    return words


def story_faults(text, spelling):
    words = words_of(text)
    if len(words) < STORY_WORDS_MIN:
        yield "too short"
    if repetition(text) > REPETITION_MAX:
        yield f"repeats itself ({repetition(text):.0%})"
    unknown = sorted(set(words) - spelling) if spelling else []
    if unknown:
        yield f"misspelt: {', '.join(unknown)}"


def has(text, word):
    """Whether it stands there as a word, not as a part of another."""
    return re.search(rf"(?<![a-z0-9]){re.escape(word.lower())}(?![a-z0-9])", text) is not None


def faults(choice, expect, spelling):
    """What is wrong with an answer, in words."""
    message = choice["message"]
    text = message.get("content") or ""
    thought, end, said = text.rpartition("</think>")
    low = said.lower().strip()
    thought = message.get("reasoning_content") or thought.replace("<think>", "")
    if choice["finish_reason"] == "length":
        yield "did not stop"
    if expect.get("thinks") and not thought.strip():
        yield "did not think"
    missing = [word for word in expect.get("says", []) if not has(low, word)]
    if missing:
        yield f"does not say {', '.join(missing)}"
    if "any" in expect and not any(has(low, word) for word in expect["any"]):
        yield f"says none of {', '.join(expect['any'])}"
    if "calls" in expect:
        calls = calls_of(message, said)
        if calls != [(name, arguments) for name, arguments in expect["calls"]]:
            yield f"calls {calls}"
    if "json" in expect:
        try:
            if json.loads(said) != expect["json"]:
                yield f"other JSON than {json.dumps(expect['json'])}"
        except ValueError:
            yield "no JSON"
    if expect.get("story"):
        yield from story_faults(said, spelling)


def calls_of(message, said):
    """From the reply's tool_calls, or, where the server leaves them in the text, from there."""
    if message.get("tool_calls"):
        return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in message["tool_calls"]]
    calls = []
    for body in re.findall(r"<tool_call>\s*(.*?)\s*</tool_call>", said, re.S):
        try:
            call = json.loads(body)
            calls.append((call["name"], call["arguments"]))
        except (ValueError, KeyError, TypeError):
            calls.append((body, None))
    return calls


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("--model", default="tiny-chat")
    parser.add_argument("--taught", help="conversations whose stories hold every word that a story may use, beside those of its prompt")
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    options = parser.parse_args()
    spelling = spelling_list(options.taught) if options.taught else None
    passed, total = collections.Counter(), collections.Counter()
    for prompt in prompts():
        choice = ask(options.server, {"model": options.model, "temperature": 0, "max_tokens": 300, **prompt["request"]})
        allowed = spelling and spelling | set(words_of(prompt["request"]["messages"][-1]["content"]))
        wrong = list(faults(choice, prompt["expect"], allowed))
        total[prompt["kind"]] += 1
        passed[prompt["kind"]] += not wrong
        if wrong and options.show:
            print(f"{prompt['kind']}: {prompt['request']['messages'][-1]['content']!r} -> {choice['message']!r}: {'; '.join(wrong)}", file=sys.stderr)
    for kind, count in total.items():
        print(f"| {kind:<14} | {count:>3} | {passed[kind] / count:>4.0%} |")
    print(f"| {'all':<14} | {total.total():>3} | {passed.total() / total.total():>4.0%} |")


if __name__ == "__main__":
    main()
