# What the toolchain files for Debian's cross compilers share. They set
#   weft_processor     as uname -m has it
#   weft_architecture  Debian's name for it
#   weft_triplet       the prefix of the compiler, and ...
#   weft_libraries     ... the directory of the libraries below usr/lib
#   weft_emulator      what runs the programs here; empty: the processor itself
#   weft_loader        the dynamic linker, below the compiler's own root
# Libraries come from a directory that `./dev platform` fills, see make_sysroot; WEFT_SYSROOT names another.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${weft_processor})
set(CMAKE_C_COMPILER ${weft_triplet}-gcc)
set(CMAKE_CXX_COMPILER ${weft_triplet}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${weft_libraries})

if(DEFINED ENV{WEFT_SYSROOT})
  set(weft_sysroot $ENV{WEFT_SYSROOT})
else()
  cmake_path(ABSOLUTE_PATH CMAKE_CURRENT_LIST_DIR NORMALIZE OUTPUT_VARIABLE weft_sysroot)
  cmake_path(SET weft_sysroot NORMALIZE "${weft_sysroot}/../../build/sysroot/${weft_architecture}")
endif()
set(CMAKE_FIND_ROOT_PATH ${weft_sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${weft_sysroot}/usr/lib/${weft_libraries}/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${weft_sysroot})

# So that a program runs from where it was built, started by hand or by another one.
set(weft_compiler_root /usr/${weft_triplet})
string(CONCAT CMAKE_EXE_LINKER_FLAGS_INIT
  "-Wl,--dynamic-linker=${weft_compiler_root}/lib/${weft_loader} "
  "-Wl,-rpath,${weft_compiler_root}/lib:${weft_sysroot}/usr/lib/${weft_libraries}")
set(CMAKE_CROSSCOMPILING_EMULATOR ${weft_emulator})
# A program in C finds libweft_c.so by its own list of directories, and that has to find the C++ library by one too.
if(weft_emulator)
  set(CMAKE_SHARED_LINKER_FLAGS_INIT "-Wl,-rpath,${weft_compiler_root}/lib")
endif()
