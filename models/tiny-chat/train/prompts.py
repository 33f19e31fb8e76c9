"""
Writes prompts as the training made them, for check-prompts.ts.

  python prompts.py data/held-out.jsonl data/vocabulary.json > data/prompts.jsonl
"""

import json
import sys

from bpe import Vocabulary
from chat_format import prompt_and_answer

vocabulary = Vocabulary.load(sys.argv[2])
with open(sys.argv[1], encoding="utf-8") as file:
    for line in file:
        conversation = json.loads(line)
        text, _ = prompt_and_answer(conversation)
        kept = {key: conversation[key] for key in ("system", "tools", "thinking")}
        print(json.dumps({**kept, "turns": conversation["turns"][:-1], "text": text, "ids": vocabulary.encode(text)}, ensure_ascii=False))
