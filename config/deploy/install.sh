#!/bin/sh
# Installs RockchipLlama: reads nothing but its variables, tells each step, and changes nothing before the download is checked.
#
#   sh install.sh               the Debian package where there is apt-get, else the executable in /usr/local/bin
#   sh install.sh --executable  the executable in any case
#   sh install.sh --uninstall   takes it away again; models and settings stay
#
#   BASE_URL  the folder of a release: SHA256SUMS and the files that it names. Needed to install.
#   PREFIX    where bin/ is, /usr/local unless set
#
# It needs curl or wget, sha256sum, and root for what is not yours (sudo is used if it is there).
set -eu

prefix=${PREFIX:-/usr/local}
target=$prefix/bin/rockchip-llama

say() { echo "$*"; }
fail() { echo "$*" >&2 && exit 1; }

# Runs a command as root, and shows it.
as_root() {
  if [ "$(id -u)" -ne 0 ] && command -v sudo >/dev/null; then set -- sudo "$@"; fi
  say "+ $*"
  "$@"
}

# Runs a command that changes $prefix/bin, as root where that is not ours.
change() {
  if [ -w "$prefix/bin" ]; then
    say "+ $*"
    "$@"
  else
    as_root "$@"
  fi
}

download() {
  if command -v curl >/dev/null; then curl --fail --silent --show-error --location --output "$2" "$1"; else wget --quiet --output-document="$2" "$1"; fi ||
    fail "Could not download $1."
}

has_package() { command -v dpkg-query >/dev/null && dpkg-query --show rockchip-llama >/dev/null 2>&1; }

# The name of this processor in the executables' names, and in the packages'.
processor() {
  case "$(uname -m)" in
  aarch64) echo "$1" ;;
  x86_64) echo "$2" ;;
  *) fail "There is nothing for the processor $(uname -m), only for aarch64 and x86_64." ;;
  esac
}

uninstall() {
  if has_package; then as_root apt-get remove --yes rockchip-llama; fi
  if [ -e "$target" ]; then change rm "$target"; fi
  say "RockchipLlama is not installed any more. Models and settings stay: /var/lib/rockchip-llama, /etc/rockchip-llama, ~/.cache/rockchip-llama."
}

# fetch NAME: the release's file of that name, into the working folder, with the sum that the release says.
fetch() {
  say "Downloading $BASE_URL/$1"
  download "$BASE_URL/$1" "$work/$1"
  grep -F "  $1" "$work/SHA256SUMS" >"$work/sum" || fail "SHA256SUMS does not name $1."
  (cd "$work" && sha256sum --check --quiet sum) || fail "$1 is not what SHA256SUMS says: nothing was installed."
  say "Its SHA-256 is the one in SHA256SUMS."
}

install_it() {
  [ -n "${BASE_URL:-}" ] || fail "Set BASE_URL to the folder of a release, such as https://github.com/<owner>/<repository>/releases/latest/download"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  download "$BASE_URL/SHA256SUMS" "$work/SHA256SUMS"
  if [ "$1" = package ]; then
    name=$(sed -nE "s/^[0-9a-f]{64}  (rockchip-llama_[0-9A-Za-z.+-]+_$(processor arm64 amd64)\.deb)$/\1/p" "$work/SHA256SUMS")
    [ -n "$name" ] || fail "This release has no package for $(uname -m); try --executable."
    fetch "$name"
    # apt-get reads packages as a user of its own.
    chmod 755 "$work"
    as_root apt-get install --yes "$work/$name"
    say "The service runs: systemctl status rockchip-llama. What to do next stands in /usr/share/doc/rockchip-llama/README.Debian."
    doctor="sudo -u rockchip-llama rockchip-llama doctor"
  else
    name=rockchip-llama-linux-$(processor arm64 x64)
    fetch "$name"
    change install -D -m 755 "$work/$name" "$target"
    say "Start it with: rockchip-llama serve"
    doctor="rockchip-llama doctor"
  fi
  say "What keeps something from working is told by: $doctor"
}

case "${1:-}" in
"") if command -v apt-get >/dev/null; then install_it package; else install_it executable; fi ;;
--executable) install_it executable ;;
--uninstall) uninstall ;;
*) fail "Unknown: $1. Say nothing, --executable or --uninstall." ;;
esac
