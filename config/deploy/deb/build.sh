#!/bin/sh
# Makes dist/rockchip-llama_<version>_<architecture>.deb of the executables in dist/, with Debian's own tools:
#   config/deploy/deb/build.sh [amd64] [arm64]
# Needs dpkg-deb, gzip, and Bun in node_modules. SMALL=1 makes packages a quarter smaller, in ten times the time.
set -eu
umask 022
cd "$(dirname "$0")/../../.."

# Both are what the dpkg of Debian 11 can read.
compression="-Zgzip -z1"
[ -z "${SMALL:-}" ] || compression="-Zxz -z6"
bun=node_modules/.bin/bun
here=config/deploy/deb
systemd=config/deploy/systemd
release=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
# Debian sorts 1.0.0~rc.1 before 1.0.0, and 1.0.0-rc.1 behind it. File names keep the dash, because GitHub takes no ~ in them.
version=$(echo "$release" | sed 's/-/~/')
# All times in the package are the last commit's, so that one source makes one package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y package.json)}
export SOURCE_DATE_EPOCH

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# put MODE SOURCE PLACE
put() {
  install -D -m "$1" "$2" "$root$3"
}

lay_out() {
  put 755 "$1" /usr/bin/rockchip-llama
  put 755 $systemd/rockchip-llama-clocks /usr/lib/rockchip-llama/clocks
  put 644 $systemd/rockchip-llama.service /lib/systemd/system/rockchip-llama.service
  put 644 $systemd/rockchip-llama-clocks.service /lib/systemd/system/rockchip-llama-clocks.service
  put 644 $systemd/rockchip-llama.sysusers /usr/lib/sysusers.d/rockchip-llama.conf
  put 644 $systemd/rockchip-llama.tmpfiles /usr/lib/tmpfiles.d/rockchip-llama.conf
  put 644 $here/server.json /etc/rockchip-llama/server.json
  put 644 $here/inference_config.json /etc/rockchip-llama/inference_config.json
  put 640 $here/environment /etc/rockchip-llama/environment
  put 644 config/server.schema.json /usr/share/rockchip-llama/server.schema.json
  put 644 config/inference_config.schema.json /usr/share/rockchip-llama/inference_config.schema.json

  completions bash /usr/share/bash-completion/completions/rockchip-llama
  completions zsh /usr/share/zsh/vendor-completions/_rockchip-llama
  completions fish /usr/share/fish/vendor_completions.d/rockchip-llama.fish

  doc=/usr/share/doc/rockchip-llama
  put 644 $here/README.Debian $doc/README.Debian
  put 644 NOTICE $doc/NOTICE
  put 644 dist/THIRD_PARTY_LICENSES.txt $doc/THIRD_PARTY_LICENSES.txt
  for page in docs/*.md docs/*/*.md docs/grafana/*.json; do put 644 "$page" "$doc/$page"; done
  copyright >"$root$doc/copyright"
  changelog | gzip -9n >"$root$doc/changelog.gz"
  put 644 $here/lintian-overrides /usr/share/lintian/overrides/rockchip-llama
}

completions() {
  mkdir -p "$(dirname "$root$2")"
  $bun src/main.ts completions "$1" >"$root$2"
}

copyright() {
  echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
  echo "Upstream-Name: RockchipLlama"
  echo
  echo "Files: *"
  echo "Copyright: 2026 The RockchipLlama authors"
  echo "License: Apache-2.0"
  echo " On Debian systems the text is in /usr/share/common-licenses/Apache-2.0."
  echo " What the executable carries of others is named in NOTICE, with the licences"
  echo " in THIRD_PARTY_LICENSES.txt, both in this folder."
}

changelog() {
  echo "rockchip-llama ($version) stable; urgency=medium"
  echo
  echo "  * What changed for users is in docs/changelog.md."
  echo
  echo " -- The RockchipLlama authors <noreply@localhost.invalid>  $(LC_ALL=C date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")"
}

control() {
  mkdir "$root/DEBIAN"
  size=$(du -k -s --apparent-size "$root" | cut -f 1)
  (cd "$root" && find . -path ./DEBIAN -prune -o -path ./etc -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
  sed "s/@VERSION@/$version/; s/@ARCHITECTURE@/$1/; s/@SIZE@/$size/" $here/control >"$root/DEBIAN/control"
  install -m 644 $here/conffiles "$root/DEBIAN/conffiles"
  install -m 755 $here/postinst $here/prerm $here/postrm "$root/DEBIAN/"
  chmod 644 "$root/DEBIAN/md5sums" "$root/DEBIAN/control"
}

[ $# -gt 0 ] || set -- amd64 arm64
for architecture; do
  case "$architecture" in
  amd64) executable=dist/rockchip-llama-linux-x64 ;;
  arm64) executable=dist/rockchip-llama-linux-arm64 ;;
  *) echo "$architecture: choose from amd64 and arm64." >&2 && exit 2 ;;
  esac
  [ -f "$executable" ] || { echo "There is no $executable: make it with \"bun run build\"." >&2 && exit 1; }
  rm -rf "$root" && mkdir "$root"
  rm -f dist/rockchip-llama_*_"$architecture".deb
  lay_out "$executable"
  control "$architecture"
  # shellcheck disable=SC2086 # two options
  dpkg-deb --root-owner-group $compression --build "$root" "dist/rockchip-llama_${release}_$architecture.deb"
done

config/deploy/checksums.sh
