#pragma once

#include <cstdint>
#include <vector>

#include "dart_api.hpp"

/// Owners that want to know the system's errors, not only whose fault they are. Any thread, with
/// the socket's lock or without; asked only when something failed.
namespace weft::dart {

/// False: out of memory.
bool explain_to(port owner) noexcept;
void forget_explaining(port dead) noexcept;
/// Adds them to others. May throw std::bad_alloc.
void append_explained(std::vector<port>& to);

/// A result in the form in which this owner has it.
std::int64_t told_to(port owner, std::int64_t result) noexcept;

}  // namespace weft::dart
