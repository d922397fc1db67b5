# cmake -DPREFIX=... -DPACKAGE=... -DCOMPILER=... -DSTANDARD=... -DSOURCE=... -DPROGRAM=... -P pkg_config.cmake
# Compiles and runs one source file with nothing but what `pkg-config` says.
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(GLOB_RECURSE pc_file ${PREFIX}/*/${PACKAGE}.pc)
cmake_path(GET pc_file PARENT_PATH pc_dir)
set(ENV{PKG_CONFIG_PATH} ${pc_dir})
execute_process(COMMAND pkg-config --cflags --libs ${PACKAGE}
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND pkg-config --variable=libdir ${PACKAGE}
  OUTPUT_VARIABLE libdir OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")

run(${COMPILER} -std=${STANDARD} ${SOURCE} -o ${PROGRAM} ${flags} -Wl,-rpath,${libdir})
run(${PROGRAM})
