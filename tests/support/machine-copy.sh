#!/bin/sh
# Holds a copy of this machine's root file system for as long as the standard input stays open: what is written there is gone with it.
#   unshare --mount --propagation private machine-copy.sh FOLDER FILE...
# The files are copied into its /srv. Others enter with: nsenter --target <pid> --mount chroot FOLDER/root <command>
set -eu
folder=$1
shift
mount -t tmpfs none "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
for place in proc sys dev; do mount --rbind "/$place" "$folder/root/$place"; done
[ $# -eq 0 ] || cp "$@" "$folder/root/srv/"
echo ready
exec cat
