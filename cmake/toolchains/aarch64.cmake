# 64-bit ARM by Debian's g++-aarch64-linux-gnu; qemu runs the programs, without io_uring.
set(weft_processor aarch64)
set(weft_architecture arm64)
set(weft_triplet aarch64-linux-gnu)
set(weft_libraries aarch64-linux-gnu)
set(weft_emulator qemu-aarch64-static)
set(weft_loader ld-linux-aarch64.so.1)
include(${CMAKE_CURRENT_LIST_DIR}/debian_cross.cmake)
