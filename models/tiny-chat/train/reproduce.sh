#!/usr/bin/env bash
# Makes tiny-chat from nothing: ../tiny-chat.gguf and its two adapters.
# Broken off and started again, it goes on where it was. NICE=19 lets everything else on the machine go first. SCALE (1) is how much of the
# text is written and how many of the batches are learnt, ROWS (16) how many rows of 512 tokens are in a batch: SCALE=0.001 ROWS=4 tries every
# step in minutes and leaves a model that can say nothing.
set -euo pipefail
cd "$(dirname "$0")"
exec nice -n "${NICE:-0}" bash -euo pipefail <<'STEPS'
[ -f .venv/complete ] || { python3 -m venv .venv && .venv/bin/pip install --quiet --requirement requirements.txt && touch .venv/complete; }
export PATH="$PWD/.venv/bin:$PATH" PYTHONUNBUFFERED=1
# Each step takes and gives back the same large buffers. Kept by the process, in huge pages, they cost no page faults: 4,100 tokens/s in place of 3,500.
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=8589934592:glibc.malloc.top_pad=268435456
# What one stage has compiled, the next need not.
export JAX_COMPILATION_CACHE_DIR="$PWD/run/compiled" JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=1

# scaled NUMBER LEAST
scaled() { awk -v number="$1" -v least="$2" -v scale="${SCALE:-1}" 'BEGIN { n = int(number * scale + 0.5); print n < least ? least : n }'; }

# text FOLDER CONVERSATIONS SEED [--open | --wider]
text() {
  local folder=data/$1 name
  [ -f "$folder/terse.jsonl" ] || python generate.py --count "$(scaled "$2" 2000)" --seed "$3" --out "$folder" "${@:4}"
  [ -f data/vocabulary.json ] || python bpe.py "$folder/train.jsonl" data/vocabulary.json
  cp data/vocabulary.json "$folder/"
  for name in train held-out long; do
    [ -f "$folder/$name.npz" ] || python dataset.py "$folder/$name.jsonl" data/vocabulary.json "$folder/$name.npz"
  done
  python check_disjoint.py "$folder/train.jsonl"
}

# learn STAGE BATCHES LEAST [options of train.py]: run/STAGE/model.npz
learn() {
  mkdir -p "run/$1"
  [ -f "run/$1/model.npz" ] || python train.py --muon --rows "${ROWS:-16}" --run "run/$1" --steps "$(scaled "$2" "$3")" "${@:4}" 2>&1 | tee -a "run/$1/log"
}

text listed 60000 1
text open 96000 2 --open
text third 24000 3 --open
text fourth 28000 5 --open
text fifth 36000 6 --open
text sixth 48000 7 --wider

# Fluent first, on listed words; then, in the same run, on words without end, which have to be copied.
[ -f run/first/listed ] || { learn first 3264 20 --stop-at 0.28 --data data/listed && touch run/first/listed; }
learn first 3264 20 --data data/open
# From there once more and once more, each time on new text.
learn third 486 4 --from run/first/model.npz --rate 1.5e-3 --fall 0.95 --long-share 0.04 --data data/third
learn fourth 580 4 --from run/third/model.npz --rate 2e-3 --fall 0.9 --long-share 0.04 --data data/fourth
[ -f run/mean.npz ] || python average.py run/mean.npz run/third/model.npz:0.2 run/fourth/model.npz:0.8
learn fifth 400 4 --from run/mean.npz --rate 1.5e-3 --fall 0.95 --long-share 0.04 --data data/fifth
[ -f run/level.npz ] || python average.py run/level.npz run/mean.npz:0.7 run/fifth/model.npz:0.3
learn sixth 480 4 --from run/level.npz --rate 1.5e-3 --fall 0.95 --long-share 0.04 --data data/sixth
python average.py run/model.npz run/level.npz:0.2 run/sixth/model.npz:0.8

for adapter in pirate terse; do
  [ -f "data/$adapter.npz" ] || python dataset.py "data/listed/$adapter.jsonl" data/vocabulary.json "data/$adapter.npz"
  [ -f "run/$adapter.npz" ] || python train.py --adapter "$adapter" --steps "$(scaled 250 4)" --rows 8 --length 256 2>&1 | tee -a "run/$adapter.log"
done
python export.py run/model.npz data/vocabulary.json ../tiny-chat.gguf
for adapter in pirate terse; do python export.py "run/$adapter.npz" - "../${adapter}_lora.gguf"; done
STEPS
