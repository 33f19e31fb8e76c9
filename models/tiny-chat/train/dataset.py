"""
Conversations as token ids, and ids packed into rows.

  python dataset.py data/train.jsonl data/vocabulary.json data/train.npz
"""

import json
import sys

import numpy as np

from bpe import Vocabulary
from chat_format import segments


def token_ids(vocabulary, conversation):
    """(ids, learnt): learnt[i] says whether the model has to predict ids[i]."""
    ids, learnt = [], []
    for text, mode in segments(conversation):
        piece = vocabulary.encode(text)
        ids += piece
        learnt += [False] * len(piece) if mode is None else [mode == "all"] + [True] * (len(piece) - 1)
    return ids, learnt


def encode_file(source, vocabulary):
    ids, learnt, starts = [], [], [0]
    with open(source, encoding="utf-8") as file:
        for line in file:
            more, marks = token_ids(vocabulary, json.loads(line))
            ids.append(np.array(more, np.uint16))
            learnt.append(np.array(marks, bool))
            starts.append(starts[-1] + len(more))
    return {"ids": np.concatenate(ids), "learnt": np.concatenate(learnt), "starts": np.array(starts, np.int64)}


class Rows:
    """Rows of `length` tokens, each of whole conversations in a seeded order; what fits no row is left out."""

    OPEN_MAX = 64

    def __init__(self, path, length, seed):
        with np.load(path) as saved:
            self._ids, self._learnt, self._starts = saved["ids"], saved["learnt"], saved["starts"]
        self.length = length
        self._rows = self._pack(np.random.default_rng(seed))

    def __len__(self):
        return len(self._rows)

    def _pack(self, rng):
        sizes = np.diff(self._starts)
        rows, open_rows = [], []
        for sample in rng.permutation(np.flatnonzero(sizes <= self.length)):
            size = int(sizes[sample])
            # The fullest open row it fits into.
            fitting = [row for row in open_rows if row[0] >= size]
            if fitting:
                row = min(fitting, key=lambda row: row[0])
            else:
                row = [self.length, []]
                open_rows.append(row)
            row[0] -= size
            row[1].append(int(sample))
            if row[0] < 12 or len(open_rows) > self.OPEN_MAX:
                full = min(open_rows, key=lambda row: row[0])
                open_rows.remove(full)
                rows.append(full[1])
        return rows + [row[1] for row in open_rows]

    def batch(self, first, count):
        """
        `count` rows from `first` on, going round: (tokens, segments, targets, weights), each [count, length]. Weights are 1 where the model has
        to predict the target. Padding is segment -1.
        """
        tokens = np.zeros((count, self.length), np.int32)
        parts = np.full((count, self.length), -1, np.int32)
        targets = np.zeros((count, self.length), np.int32)
        weights = np.zeros((count, self.length), np.float32)
        for r in range(count):
            at = 0
            for n, sample in enumerate(self._rows[(first + r) % len(self._rows)]):
                start, end = self._starts[sample], self._starts[sample + 1]
                size = int(end - start)
                tokens[r, at : at + size] = self._ids[start:end]
                parts[r, at : at + size] = n
                targets[r, at : at + size - 1] = self._ids[start + 1 : end]
                weights[r, at : at + size - 1] = self._learnt[start + 1 : end]
                at += size
        return tokens, parts, targets, weights


def main():
    source, vocabulary, target = sys.argv[1:4]
    arrays = encode_file(source, Vocabulary.load(vocabulary))
    np.savez(target, **arrays)
    print(f"{len(arrays['starts']) - 1} conversations, {len(arrays['ids'])} tokens, {arrays['learnt'].mean():.0%} to learn")


if __name__ == "__main__":
    main()
