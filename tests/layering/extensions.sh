#!/bin/sh
# What only some compilers understand stays in files of one platform, in config.hpp and in compiler.hpp. Usage:
# extensions.sh <source directory>
cd "$1" || exit 2
words='__attribute__|__builtin_|__asm|\basm( volatile)?\(|\[\[(gnu|clang|msvc)::|__int128|__typeof|__declspec|__forceinline|__PRETTY_FUNCTION__'
platforms='_(posix|linux|bsd|windows|kqueue|execinfo|x86_64|fcontext)\.[ch]pp$|/backends/(epoll|io_uring|kqueue|iocp)|/(trap|windows)/'
known='/runtime/(config|detail/compiler)\.hpp$|/sanitizer\.hpp$'

files=$(find runtime io sync net \( -name '*.hpp' -o -name '*.cpp' \) | grep -Ev "$platforms|$known")
[ -n "$files" ] || { echo "no sources in $1"; exit 2; }
found=$(echo "$files" | xargs grep -nE "$words")
[ -z "$found" ] || { echo "not every compiler understands:"; echo "$found"; exit 1; }
