#pragma once

/// One header per system.
namespace weft::testing {

/// Nothing but an error tells of a peer that is gone.
struct deadly_sigpipe {
  deadly_sigpipe() {}
};

}  // namespace weft::testing
