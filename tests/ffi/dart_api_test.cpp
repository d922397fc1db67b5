#include "dart_api.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include <doctest/doctest.h>

using namespace weft::dart;

namespace {

struct entry {
  const char* name;
  void (*function)();
};
struct table {
  std::int32_t major;
  std::int32_t minor;
  const entry* entries;
};

std::vector<std::int64_t> numbers;
std::vector<std::uint8_t> bytes;
bool accepts = true;

bool take_message(port, message* posted) {
  REQUIRE(posted->type == kind::array);
  REQUIRE(posted->value.array.length == 3);
  message** parts = posted->value.array.values;
  numbers = {parts[0]->value.int64, parts[1]->value.int64};
  bytes.clear();
  if (parts[2]->type == kind::bytes) {
    bytes.assign(parts[2]->value.bytes.values,
                 parts[2]->value.bytes.values + parts[2]->value.bytes.length);
  } else if (parts[2]->type == kind::external_bytes) {
    bytes.assign(parts[2]->value.external.data,
                 parts[2]->value.external.data + parts[2]->value.external.length);
    if (accepts) {
      parts[2]->value.external.release(nullptr, parts[2]->value.external.peer);
    }
  }
  return accepts;
}

bool take_number(port, std::int64_t number) {
  numbers = {number};
  return accepts;
}

void* make_finalizable(object, void* peer, std::intptr_t, finalizer) {
  return accepts ? peer : nullptr;
}

template <class F>
void (*plain(F* function))() {
  return reinterpret_cast<void (*)()>(function);
}

const std::array<entry, 5> all_entries{{{"Dart_Other", nullptr},
                                        {"Dart_PostCObject", plain(take_message)},
                                        {"Dart_PostInteger", plain(take_number)},
                                        {"Dart_NewFinalizableHandle", plain(make_finalizable)},
                                        {nullptr, nullptr}}};

void release(void*, void* peer) {
  ++*static_cast<int*>(peer);
}

}  // namespace

TEST_CASE("before a table was read, nothing is delivered") {
  CHECK(post(1, 0, 0) == delivery::refused);
  CHECK(post_number(1, 0) == delivery::refused);
  CHECK_FALSE(attach(nullptr, nullptr, 0, release));
}

TEST_CASE("a table of another version, an incomplete one and none are not taken") {
  const table newer{3, 0, all_entries.data()};
  const std::array<entry, 2> few{{{"Dart_PostCObject", plain(take_message)}, {nullptr, nullptr}}};
  const table incomplete{2, 4, few.data()};
  const table empty{2, 4, nullptr};
  CHECK_FALSE(load_api(nullptr));
  CHECK_FALSE(load_api(&newer));
  CHECK_FALSE(load_api(&incomplete));
  CHECK_FALSE(load_api(&empty));
}

TEST_CASE("functions are found by their names, whatever the minor version") {
  const table given{2, 99, all_entries.data()};
  REQUIRE(load_api(&given));
  accepts = true;

  CHECK(post(1, 7, -9) == delivery::accepted);
  CHECK(numbers == std::vector<std::int64_t>{7, -9});
  CHECK(bytes.empty());

  std::array<std::byte, 3> data{std::byte{1}, std::byte{2}, std::byte{3}};
  CHECK(post_copy(1, 8, data) == delivery::accepted);
  CHECK(numbers == std::vector<std::int64_t>{8, 3});
  CHECK(bytes == std::vector<std::uint8_t>{1, 2, 3});

  int released = 0;
  CHECK(post_external(1, 9, data, &released, release) == delivery::accepted);
  CHECK(bytes == std::vector<std::uint8_t>{1, 2, 3});
  CHECK(released == 1);

  accepts = false;
  CHECK(post_external(1, 9, data, &released, release) == delivery::refused);
  CHECK(released == 1);
  CHECK(post_number(1, 5) == delivery::refused);
}
