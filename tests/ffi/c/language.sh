#!/bin/sh
# language.sh <python|rust> <libweft_c.so> <weft.h>: the C API called from another language, where it is installed.
set -eu
here=$(dirname "$0")
library=$2

need() {
  command -v "$1" >/dev/null 2>&1 && "$@" >/dev/null 2>&1 && return
  echo "skipped: $1 is not installed, or not whole"
  exit 77
}

case $1 in
  python)
    need python3 -c 'import ctypes'
    python3 "$here/ctypes_test.py" "$library" "$3"
    python3 "$here/echo_example_test.py" python3 "$here/../../../examples/echo_server.py" "$library"
    ;;
  rust)
    need rustc --version
    program=$(mktemp -d)
    trap 'rm -rf "$program"' EXIT
    rustc --edition 2021 -O "$here/caller.rs" -o "$program/caller" -L "$(dirname "$library")" \
      -C link-arg=-Wl,-rpath,"$(dirname "$library")"
    "$program/caller"
    ;;
esac
