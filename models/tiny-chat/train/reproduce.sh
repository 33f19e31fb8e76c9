#!/usr/bin/env bash
# Makes tiny-chat from nothing: ../tiny-chat.gguf and its two adapters. HOURS (2.15) is how long it trains before the last stage.
# Broken off and started again, it goes on where it was. NICE=19 lets everything else on the machine go first.
set -euo pipefail
cd "$(dirname "$0")"
exec nice -n "${NICE:-0}" bash -euo pipefail <<'STEPS'
[ -x .venv/bin/python ] || { python3 -m venv .venv && .venv/bin/pip install --quiet --requirement requirements.txt; }
export PATH="$PWD/.venv/bin:$PATH" PYTHONUNBUFFERED=1
mkdir -p data run
[ -f data/terse.jsonl ] || python generate.py
[ -f data/open/terse.jsonl ] || python generate.py --open --count 170000 --seed 2 --out data/open
[ -f data/last/terse.jsonl ] || python generate.py --open --count 140000 --seed 3 --out data/last
[ -f data/vocabulary.json ] || python bpe.py data/train.jsonl data/vocabulary.json
cp data/vocabulary.json data/open/ && cp data/vocabulary.json data/last/
for name in train held-out pirate terse {open,last}/{train,held-out,long}; do
  [ -f "data/$name.npz" ] || python dataset.py "data/$name.jsonl" data/vocabulary.json "data/$name.npz"
done
for file in data/train.jsonl data/{open,last}/train.jsonl; do python check_disjoint.py "$file"; done
# Fluent first, on listed words; then on words without end, which have to be copied; at last once more from a lower rate.
[ -f run/first.npz ] || { python train.py --muon --hours "${HOURS:-2.15}" --stop-at 0.28 && cp run/model.checkpoint.npz run/first.npz; } 2>&1 | tee -a run/model.log
[ -f run/second.npz ] || { python train.py --muon --hours "${HOURS:-2.15}" --data data/open && mv run/model.npz run/second.npz; } 2>&1 | tee -a run/model.log
[ -f run/model.npz ] || python train.py --muon --once-more --rate 2e-3 --fall 0.9 --hours 1.15 --long-share 0.04 --data data/last 2>&1 | tee -a run/model.log
for adapter in pirate terse; do
  [ -f "run/$adapter.npz" ] || python train.py --adapter "$adapter" --steps 250 --rows 8 --length 256 2>&1 | tee -a "run/$adapter.log"
done
python export.py run/model.npz data/vocabulary.json ../tiny-chat.gguf
for adapter in pirate terse; do python export.py "run/$adapter.npz" - "../${adapter}_lora.gguf"; done
STEPS
