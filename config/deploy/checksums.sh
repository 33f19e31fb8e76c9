#!/bin/sh
# Writes dist/SHA256SUMS: one line for each executable and package in dist/.
set -eu
cd "$(dirname "$0")/../../dist"
sums=$(find . -maxdepth 1 \( -name 'rockchip-llama-linux-*' -o -name 'rockchip-llama_*.deb' \) -printf '%P\n' | LC_ALL=C sort | xargs sha256sum)
echo "$sums" >SHA256SUMS
