#pragma once

#include_next <errno.h>

// Linux's own.
#undef ENONET
