# Windows by Debian's MinGW-w64; Wine runs the programs, where it is installed.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
# Programs that need no libraries of the compiler's beside them.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)

set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

find_program(WEFT_WINE wine64 PATHS /usr/lib/wine)
find_program(WEFT_WINESERVER NAMES wineserver64 wineserver PATHS /usr/lib/wine)
mark_as_advanced(WEFT_WINE WEFT_WINESERVER)
if(WEFT_WINE)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${WEFT_WINE})
endif()
