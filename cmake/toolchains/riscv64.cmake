# 64-bit RISC-V by Debian's g++-riscv64-linux-gnu; qemu runs the programs, without io_uring.
set(weft_processor riscv64)
set(weft_architecture riscv64)
set(weft_triplet riscv64-linux-gnu)
set(weft_libraries riscv64-linux-gnu)
set(weft_emulator qemu-riscv64-static)
set(weft_loader ld-linux-riscv64-lp64d.so.1)
set(Boost_USE_STATIC_LIBS ON)
include(${CMAKE_CURRENT_LIST_DIR}/debian_cross.cmake)
