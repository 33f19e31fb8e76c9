"""
The model's own greedy answers, in JAX: what every export has to agree with.

  python answer.py run/model.npz data/vocabulary.json < conversations.jsonl > answers.jsonl
"""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np

from bpe import Vocabulary
from chat_format import prompt_and_answer
from model import Shape, hidden_states, logits_of
from train import load


class Answerer:
    def __init__(self, weights, vocabulary):
        saved = load(weights)
        self.shape = Shape(**json.loads(str(saved["meta"]["shape"])))
        self.vocabulary = vocabulary
        self._params = {name: jnp.asarray(value) for name, value in saved["params"].items()}
        self._next = jax.jit(self._next_logits)

    def _next_logits(self, params, tokens, last):
        states = hidden_states(self.shape, params, tokens, jnp.zeros_like(tokens))
        return logits_of(params, states[0, last])

    def answer(self, prompt, tokens_max=120):
        """(token ids, the gap between best and second best logit at each step)"""
        ids, gaps = self.vocabulary.encode(prompt), []
        start, end = len(ids), self.vocabulary.ids["<|im_end|>"]
        while len(ids) - start < tokens_max:
            room = -(-(len(ids) + 1) // 64) * 64
            padded = np.zeros((1, room), np.int32)
            padded[0, : len(ids)] = ids
            logits = np.asarray(self._next(self._params, padded, len(ids) - 1))
            best, second = np.sort(logits)[-1], np.sort(logits)[-2]
            gaps.append(float(best - second))
            ids.append(int(logits.argmax()))
            if ids[-1] == end:
                break
        return ids[start:], gaps


def main():
    vocabulary = Vocabulary.load(sys.argv[2])
    answerer = Answerer(sys.argv[1], vocabulary)
    for line in sys.stdin:
        conversation = json.loads(line)
        prompt, wanted = prompt_and_answer(conversation)
        ids, gaps = answerer.answer(prompt)
        text = vocabulary.decode(ids)
        print(json.dumps({"prompt": prompt, "text": text, "ids": ids, "gap_min": min(gaps), "right": text == wanted}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
