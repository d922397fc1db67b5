# 32-bit x86 by Debian's g++-i686-linux-gnu; a 64-bit kernel runs the programs.
set(weft_processor i686)
set(weft_architecture i386)
set(weft_triplet i686-linux-gnu)
set(weft_libraries i386-linux-gnu)
set(weft_emulator "")
set(weft_loader ld-linux.so.2)
include(${CMAKE_CURRENT_LIST_DIR}/debian_cross.cmake)
