#pragma once

#include_next <sys/stat.h>

// Theirs has these names, of which some are macros too, and the time at which a file was made.
#define st_atimespec st_atim
#define st_mtimespec st_mtim
#define st_ctimespec st_ctim
#define st_birthtimespec st_ctim
