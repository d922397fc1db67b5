#!/usr/bin/env bash
# exported_symbols.sh <library>...: a shared library exports what is weft's, and of the C++ library only what its
# templates leave in every program, to be merged: nothing of Boost, of liburing or without a name space.
set -euo pipefail

failed=0
for library in "$@"; do
  symbols=$(nm -DC --defined-only "$library")
  [[ $(grep -c 'weft' <<<"$symbols") -gt 0 ]] || { echo "$library exports nothing of weft" && failed=1; }
  strays=$(grep -vE '^[0-9a-f]+ . ([^ ].*[ (<,])?weft(::|_)' <<<"$symbols" |
    grep -vE '^[0-9a-f]+ [WVu] ([a-z -]+ for )?([a-z ]+ )?(std|__gnu_cxx)::') || true
  [[ -z $strays ]] || { printf '%s exports what is not its own:\n%s\n' "$library" "$strays" && failed=1; }
  soname=$(readelf -d "$library" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
  [[ $soname =~ \.so\.[0-9]+\.[0-9]+$ ]] || { echo "$library has the SONAME '$soname', not one with a version" && failed=1; }
done
exit $failed
