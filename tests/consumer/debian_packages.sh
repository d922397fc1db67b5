#!/usr/bin/env bash
# debian_packages.sh <build directory> <scratch directory> static|shared <cmake option>...
#
# Makes the Debian packages of a build, looks what is in them and what they ask for, unpacks them into an empty root, and
# there builds and runs the consumers, in C++ and in C, by CMake and by pkg-config. 77: the tools of Debian are missing.
set -euo pipefail
build=$1 scratch=$2 kind=$3
options=("${@:4}")
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
source=$(realpath "$here/../..")
root=$scratch/root
packages=$scratch/packages

for tool in dpkg-deb dpkg-shlibdeps file; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is missing (Debian: dpkg-dev, file)" && exit 77; }
done

wrong() {
  printf 'wrong: %s\n' "$*" >&2
  exit 1
}

has() { # <package> <pattern, of a path from the root>
  grep -qE "^$2( -> .*)?$" "$packages/$1.list" || wrong "$1 has no $2"
}

needs() { # <package> <pattern>
  [[ ", $(dpkg-deb --field "$packages/$1.deb" Depends)," =~ ,\ $2, ]] || wrong "$1 does not depend on $2"
}

# A library has its version in its name, and its short name beside it; what it calls is in packages that are asked for.
check_library() { # <package> <path>
  local file=$root/$2 soname
  soname=$(readelf -d "$file" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
  [[ $soname =~ [.]so([.][0-9]+)+$ ]] || wrong "$2 has the SONAME '$soname'"
  [[ $(readlink "$(dirname "$file")/$soname") == "$(basename "$file")" ]] || wrong "$2 is not to be found as $soname"
  nm "$file" 2>&1 | grep -q 'no symbols' || wrong "$2 is not stripped"
  dpkg-deb --ctrl-tarfile "$packages/$1.deb" | tar -xO ./postinst | grep -q ldconfig ||
    wrong "$1 does not tell the dynamic linker"
  needs "$1" 'libc6 \([^)]*\)'
}

# ---- what is made
rm -rf "$scratch"
mkdir -p "$packages" "$root"
(cd "$build" && cpack -G DEB -B "$scratch/made") >"$scratch/cpack.log" 2>&1 || { cat "$scratch/cpack.log" && exit 1; }
for file in "$scratch"/made/*.deb; do
  name=$(dpkg-deb --field "$file" Package)
  mv "$file" "$packages/$name.deb"
  dpkg-deb --contents "$packages/$name.deb" | sed -E 's/^([^ ]+ +){5}[.]//' >"$packages/$name.list"
  dpkg-deb --extract "$packages/$name.deb" "$root"
done
version=$(dpkg-deb --field "$packages/libweft-dev.deb" Version)
abi=${version%.*}
expected=(libweft-dev)
[[ $kind == static ]] || expected+=("libweft$abi")
[[ ! -e $build/ffi/c/libweft_c.so ]] || expected+=(libweft-c1)
[[ ! -e $build/ffi/bridge/libweft_dart.so ]] || expected+=(libweft-dart)
made=$(cd "$packages" && basename -s .deb -- *.deb | sort)
[[ $made == "$(printf '%s\n' "${expected[@]}" | sort)" ]] || wrong "these packages were made: ${made//$'\n'/ }"
twice=$(grep -hv '/$' "$packages"/*.list | sort | uniq -d)
[[ -z $twice ]] || wrong "in more than one package: $twice"

# ---- what is in them
for name in "${expected[@]}"; do
  has "$name" "/usr/share/doc/$name/copyright"
  [[ $name == libweft-dev ]] && continue
  libraries=$(grep -E '^[^ ]*[.]so[.0-9]*$' "$packages/$name.list" || true)
  [[ -n $libraries ]] || wrong "$name has no library"
  for library in $libraries; do
    check_library "$name" "$library"
  done
  ! grep -qE '/(include|cmake|pkgconfig)/' "$packages/$name.list" || wrong "$name has files for development"
done
for module in runtime io sync net; do
  if [[ $kind == shared ]]; then
    has "libweft$abi" "/usr/lib/(.*/)?libweft_$module[.]so[.]$abi"
    has libweft-dev "/usr/lib/(.*/)?libweft_$module[.]so"
  else
    has libweft-dev "/usr/lib/(.*/)?libweft_$module[.]a"
  fi
  for header in $(cd "$source/$module/include" && find . -name '*.hpp'); do
    has libweft-dev "/usr/include${header#.}"
  done
done
has libweft-dev '/usr/lib/(.*/)?cmake/weft/weftConfig[.]cmake'
has libweft-dev '/usr/lib/(.*/)?pkgconfig/weft[.]pc'
dangling=$(find "$root" -xtype l)
[[ -z $dangling ]] || wrong "points nowhere: $dangling"
if [[ $kind == shared ]]; then
  needs libweft-dev "libweft$abi \(= $version\)"
  needs "libweft$abi" 'liburing2 \([^)]*\)'
  needs "libweft$abi" 'libstdc\+\+6 \([^)]*\)'
else
  needs libweft-dev 'libboost-context-dev'
  needs libweft-dev 'liburing-dev'
fi
! grep -rqF "$build" "$root/usr/lib" --include='*.cmake' --include='*.pc' || wrong 'a file names the build directory'

# ---- what one can do with them
build_and_run() { # <project>
  local found
  ctest --build-and-test "$here/$1" "$scratch/$1" --build-generator Ninja \
    --build-options -DCMAKE_PREFIX_PATH="$root/usr" "${options[@]}" --test-command consumer \
    >"$scratch/$1.log" 2>&1 || { cat "$scratch/$1.log" && wrong "$1 does not build or run"; }
  found=$(sed -n 's/^weft_DIR:PATH=//p' "$scratch/$1/CMakeCache.txt")
  [[ $found == "$root"/* ]] || wrong "$1 found another weft, in $found"
}

by_pkg_config() { # <package> <compiler> <standard> <source>
  cmake -DPREFIX="$root/usr" -DPACKAGE="$1" -DCOMPILER="$2" -DSTANDARD="$3" -DSOURCE="$here/$4" \
    -DPROGRAM="$scratch/by_$1" -P "$here/pkg_config.cmake"
}

build_and_run project
by_pkg_config weft "${CXX:-c++}" c++23 project/consumer.cpp
if [[ " ${expected[*]} " == *' libweft-c1 '* ]]; then
  has libweft-dev '/usr/include/weft/ffi/weft[.]h'
  needs libweft-dev "libweft-c1 \(= $version\)"
  build_and_run c_project
  by_pkg_config weft-c "${CC:-cc}" c11 c_project/consumer.c
fi
echo "packages: ${expected[*]}"
