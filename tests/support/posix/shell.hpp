#pragma once

#include <string>
#include <utility>

#include <weft/io/command.hpp>

namespace weft::testing {

/// What the shell makes of a script.
inline io::command shell(std::string script) {
  return io::command("sh").arguments({"-c", std::move(script)});
}

}  // namespace weft::testing
