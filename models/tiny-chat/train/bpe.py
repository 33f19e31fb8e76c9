"""
A byte-level BPE vocabulary, trained on the generated conversations, and its encoder. Text is cut into words as Qwen2's tokenizer does
(GGUF's pre-tokenizer `qwen2`).

Two habits make copying easy, which is most of what a tiny model does with names it has never seen. Within words, the space in front takes
no part in the merges, so that a name has the same tokens behind a space, a quote or a bracket. Only then are spaces joined to the most
frequent lower-case words, to keep texts short. Digits stay single.

  python bpe.py data/train.jsonl data/vocabulary.json
"""

import json
import re
import sys
from collections import Counter, defaultdict

from chat_format import segments

CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
USER_DEFINED = ["<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
SIZE = 2560
SPACED_WORDS = 600
# Conversations the merges are counted on.
SAMPLE = 60_000

# Qwen2's pattern in Python's re: [^\W\d_] are letters, \d numbers. Equal for the text generated here.
WORDS = re.compile(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|(?:[^\r\n\w]|_)?[^\W\d_]+|\d| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = re.compile("(" + "|".join(re.escape(token) for token in CONTROL + USER_DEFINED) + ")")


def byte_letters():
    """GPT-2's printable letter for each byte."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = {byte: chr(byte) for byte in kept}
    for byte in range(256):
        letters.setdefault(byte, chr(256 + len(letters) - len(kept)))
    return letters


LETTERS = byte_letters()
SPACE = LETTERS[0x20]


def written(text):
    """A word in GPT-2's letters."""
    return "".join(LETTERS[byte] for byte in text.encode())


def merge_word(symbols, pair, joined):
    out, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            out.append(joined)
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return out


def learn_merges(counts, wanted):
    """The usual BPE training; equal counts are settled by the pair itself, so that runs are equal."""
    words = [(list(word), count) for word, count in sorted(counts.items())]
    totals, where = Counter(), defaultdict(set)
    for index, (symbols, count) in enumerate(words):
        for pair in zip(symbols, symbols[1:]):
            totals[pair] += count
            where[pair].add(index)
    merges = []
    while len(merges) < wanted:
        pair, count = max(totals.items(), key=lambda item: (item[1], item[0]))
        if count < 2:
            break
        merges.append(pair)
        joined = pair[0] + pair[1]
        for index in where.pop(pair):
            symbols, count = words[index]
            after = merge_word(symbols, pair, joined)
            for old in zip(symbols, symbols[1:]):
                totals[old] -= count
            for new in zip(after, after[1:]):
                totals[new] += count
                where[new].add(index)
            words[index] = (after, count)
        del totals[pair]
    return merges


def train(texts):
    """(tokens, merges): ids are places in `tokens`."""
    bare, spaced = Counter(), Counter()
    for text in texts:
        for piece in SPECIAL.split(text)[::2]:
            for word in WORDS.findall(piece):
                letters = written(word)
                if word[0] == " " and word[1:2].isalpha():
                    bare[letters[1:]] += 1
                    if word[1:].islower() or word == " I":
                        spaced[letters[1:]] += 1
                else:
                    bare[letters] += 1
    room = SIZE - 256 - len(CONTROL) - len(USER_DEFINED)
    merges = learn_merges(bare, room - SPACED_WORDS)
    whole = set(LETTERS.values()) | {a + b for a, b in merges}
    frequent = sorted((word for word in spaced if word in whole), key=lambda word: (-spaced[word], word))
    merges += [(SPACE, word) for word in frequent[: room - len(merges)]]
    tokens = [LETTERS[byte] for byte in range(256)] + [a + b for a, b in merges] + CONTROL + USER_DEFINED
    assert len(set(tokens)) == len(tokens)
    return tokens, merges


class Vocabulary:
    def __init__(self, tokens, merges):
        self.tokens, self.merges = tokens, merges
        self.ids = {token: index for index, token in enumerate(tokens)}
        self._ranks = {tuple(pair): rank for rank, pair in enumerate(merges)}
        self._bytes = {letter: byte for byte, letter in LETTERS.items()}
        self._known = {}

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as file:
            saved = json.load(file)
        return cls(saved["tokens"], saved["merges"])

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"tokens": self.tokens, "merges": self.merges}, file, ensure_ascii=False)

    def encode(self, text):
        out = []
        for index, piece in enumerate(SPECIAL.split(text)):
            if index % 2:
                out.append(self.ids[piece])
            else:
                for word in WORDS.findall(piece):
                    out += self._known.get(word) or self._encode_word(word)
        return out

    def _encode_word(self, word):
        symbols = list(written(word))
        while len(symbols) > 1:
            rank, pair = min((self._ranks.get(pair, 1 << 30), pair) for pair in zip(symbols, symbols[1:]))
            if rank == 1 << 30:
                break
            symbols = merge_word(symbols, pair, pair[0] + pair[1])
        self._known[word] = [self.ids[symbol] for symbol in symbols]
        return self._known[word]

    def decode(self, ids):
        special = len(self.tokens) - len(CONTROL) - len(USER_DEFINED)
        raw = b"".join(
            self.tokens[i].encode() if i >= special else bytes(self._bytes[letter] for letter in self.tokens[i]) for i in ids
        )
        return raw.decode(errors="replace")


def main():
    source, target = sys.argv[1:3]
    texts = []
    with open(source, encoding="utf-8") as file:
        for _, line in zip(range(SAMPLE), file):
            texts.append("".join(text for text, _ in segments(json.loads(line))))
    vocabulary = Vocabulary(*train(texts))
    vocabulary.save(target)
    letters = sum(len(text.encode()) for text in texts)
    tokens = sum(len(vocabulary.encode(text)) for text in texts)
    print(f"{len(vocabulary.tokens)} tokens; {letters / tokens:.2f} bytes a token, {tokens / len(texts):.0f} tokens a conversation")


if __name__ == "__main__":
    main()
