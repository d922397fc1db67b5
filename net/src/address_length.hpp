#pragma once

#include <cstddef>
#include <cstring>

#include <sys/socket.h>

/// The BSDs and macOS begin an address with its length. There what holds an address inside, such as
/// the request to join a group, is refused without it.
namespace weft::detail {

template <class Form>
concept begins_with_length = requires(Form form) { form.sa_len; };

/// Notes the length in an address of any family, where there is a place for it.
template <class Form = sockaddr>
void note_length([[maybe_unused]] void* address, [[maybe_unused]] std::size_t size) noexcept {
  if constexpr (begins_with_length<Form>) {
    const auto length = static_cast<unsigned char>(size);
    std::memcpy(static_cast<std::byte*>(address) + offsetof(Form, sa_len), &length, sizeof length);
  }
}

/// Only Linux has Unix sockets with names that are no paths, and its addresses know no length.
inline constexpr bool has_abstract_names = !begins_with_length<sockaddr>;

}  // namespace weft::detail
