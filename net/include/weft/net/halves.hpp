#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include <weft/net/stream_socket.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

namespace detail {

/// The calls of stream_socket that read, for a `Half` that has a stream().
template <class Half>
class reading_calls {
 public:
  result<std::size_t> read(std::span<std::byte> buffer) const noexcept {
    return target().read(buffer);
  }
  result<void> read_exact(std::span<std::byte> buffer) const noexcept {
    return target().read_exact(buffer);
  }
  result<std::size_t> read_vectored(std::span<const std::span<std::byte>> buffers) const noexcept {
    return target().read_vectored(buffers);
  }
  result<io::leased_buffer> read_leased() const noexcept { return target().read_leased(); }
  result<io::leased_buffer> try_read_leased() const noexcept { return target().try_read_leased(); }
  result<std::size_t> try_read(std::span<std::byte> buffer) const noexcept {
    return target().try_read(buffer);
  }
  result<std::size_t> try_read_vectored(
      std::span<const std::span<std::byte>> buffers) const noexcept {
    return target().try_read_vectored(buffers);
  }
  result<std::size_t> peek(std::span<std::byte> buffer) const noexcept {
    return target().peek(buffer);
  }
  result<std::size_t> try_peek(std::span<std::byte> buffer) const noexcept {
    return target().try_peek(buffer);
  }
  result<void> readable() const noexcept { return target().readable(); }
  /// Of the whole: either half may take it.
  result<std::error_code> take_error() const noexcept { return target().take_error(); }
  /// Ends this direction.
  result<void> shutdown() const noexcept { return target().shutdown(socket_side::read); }

 private:
  friend Half;
  reading_calls() noexcept = default;

  const auto& target() const noexcept { return static_cast<const Half&>(*this).stream(); }
};

/// The calls of stream_socket that write, for a `Half` that has a stream().
template <class Half>
class writing_calls {
 public:
  result<std::size_t> write(std::span<const std::byte> data) const noexcept {
    return target().write(data);
  }
  result<void> write_all(std::span<const std::byte> data) const noexcept {
    return target().write_all(data);
  }
  result<void> write_all(std::string_view text) const noexcept { return target().write_all(text); }
  result<std::size_t> write_vectored(
      std::span<const std::span<const std::byte>> buffers) const noexcept {
    return target().write_vectored(buffers);
  }
  result<void> write_all_vectored(
      std::span<const std::span<const std::byte>> buffers) const noexcept {
    return target().write_all_vectored(buffers);
  }
  result<std::size_t> try_write(std::span<const std::byte> data) const noexcept {
    return target().try_write(data);
  }
  result<std::size_t> try_write_vectored(
      std::span<const std::span<const std::byte>> buffers) const noexcept {
    return target().try_write_vectored(buffers);
  }
  result<void> writable() const noexcept { return target().writable(); }
  /// Of the whole: either half may take it.
  result<std::error_code> take_error() const noexcept { return target().take_error(); }
  /// Ends this direction: the peer sees the end of the stream.
  result<void> shutdown() const noexcept { return target().shutdown(socket_side::write); }

 private:
  friend Half;
  writing_calls() noexcept = default;

  const auto& target() const noexcept { return static_cast<const Half&>(*this).stream(); }
};

/// A stream that two halves own.
template <class Stream>
struct shared_stream {
  explicit shared_stream(Stream&& owned) noexcept : stream(std::move(owned)) {}

  void drop() noexcept {
    // acq_rel: what the other half did to the stream happens before its end.
    if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

  Stream stream;
  std::atomic<unsigned> owners{2};
};

}  // namespace detail

/// The reading side of a stream that somebody else owns: a pointer, to be copied at will.
///
/// Lifetime: the stream must stay where it is as long as the half is used.
template <std::derived_from<stream_socket> Stream>
class read_half : public detail::reading_calls<read_half<Stream>> {
 public:
  explicit read_half(const Stream& stream) noexcept : stream_(&stream) {}
  const Stream& stream() const noexcept { return *stream_; }

 private:
  const Stream* stream_;
};

/// The writing side likewise.
template <std::derived_from<stream_socket> Stream>
class write_half : public detail::writing_calls<write_half<Stream>> {
 public:
  explicit write_half(const Stream& stream) noexcept : stream_(&stream) {}
  const Stream& stream() const noexcept { return *stream_; }

 private:
  const Stream* stream_;
};

template <class Stream>
struct borrowed_halves {
  read_half<Stream> reader;
  write_half<Stream> writer;
};

/// Takes a stream apart for as long as it stays where it is: one fiber reads, another writes.
///
///     auto [reader, writer] = weft::split(peer);
template <std::derived_from<stream_socket> Stream>
borrowed_halves<Stream> split(const Stream& stream) noexcept {
  return {read_half<Stream>(stream), write_half<Stream>(stream)};
}
template <std::derived_from<stream_socket> Stream>
borrowed_halves<Stream> split(const Stream&&) = delete;

/// The reading side of a stream, as one of two owners: may move to a fiber of its own. The stream
/// is closed when both halves are gone.
///
/// Threads: one user at a time, who need not be the other half's.
/// Cost: the two halves share one allocated object.
template <std::derived_from<stream_socket> Stream>
class owned_read_half : public detail::reading_calls<owned_read_half<Stream>> {
 public:
  owned_read_half(owned_read_half&& other) noexcept
      : shared_(std::exchange(other.shared_, nullptr)) {}
  owned_read_half& operator=(owned_read_half&& other) noexcept {
    owned_read_half old(std::move(*this));
    shared_ = std::exchange(other.shared_, nullptr);
    return *this;
  }
  ~owned_read_half() {
    if (shared_) {
      shared_->drop();
    }
  }

  /// The whole. Not on a half that was moved from or reunited.
  const Stream& stream() const noexcept { return shared_->stream; }

 private:
  template <std::derived_from<stream_socket> S>
  friend struct owned_halves;

  explicit owned_read_half(detail::shared_stream<Stream>& shared) noexcept : shared_(&shared) {}

  detail::shared_stream<Stream>* shared_;
};

/// The writing side likewise. When it goes, it ends its direction: the peer sees the end of the
/// stream, and can still be read from.
template <std::derived_from<stream_socket> Stream>
class owned_write_half : public detail::writing_calls<owned_write_half<Stream>> {
 public:
  owned_write_half(owned_write_half&& other) noexcept
      : shared_(std::exchange(other.shared_, nullptr)) {}
  owned_write_half& operator=(owned_write_half&& other) noexcept {
    owned_write_half old(std::move(*this));
    shared_ = std::exchange(other.shared_, nullptr);
    return *this;
  }
  ~owned_write_half() {
    if (shared_) {
      (void)this->shutdown();
      forget();
    }
  }

  /// Goes without ending its direction: that stays open until the other half goes, too.
  void forget() noexcept { std::exchange(shared_, nullptr)->drop(); }

  /// The whole. Not on a half that was moved from, forgotten or reunited.
  const Stream& stream() const noexcept { return shared_->stream; }

 private:
  template <std::derived_from<stream_socket> S>
  friend struct owned_halves;

  explicit owned_write_half(detail::shared_stream<Stream>& shared) noexcept : shared_(&shared) {}

  detail::shared_stream<Stream>* shared_;
};

/// What into_halves() returns, and what makes them one again.
template <std::derived_from<stream_socket> Stream>
struct owned_halves {
  owned_read_half<Stream> reader;
  owned_write_half<Stream> writer;

  static owned_halves of(Stream&& stream) {
    auto& shared = *new detail::shared_stream<Stream>(std::move(stream));
    return {owned_read_half<Stream>(shared), owned_write_half<Stream>(shared)};
  }

  static result<Stream> joined(owned_read_half<Stream>& reader,
                               owned_write_half<Stream>& writer) noexcept {
    if (!reader.shared_ || reader.shared_ != writer.shared_) {
      return fail(std::make_error_code(std::errc::invalid_argument));
    }
    Stream whole = std::move(reader.shared_->stream);
    delete std::exchange(reader.shared_, nullptr);
    writer.shared_ = nullptr;
    return whole;
  }
};

/// Takes a stream apart for two fibers that may outlive the caller.
///
///     auto halves = weft::into_halves(std::move(peer));
///     tasks.spawn(listen_to, std::move(halves.reader));
///     tasks.spawn(talk_to, std::move(halves.writer));
///
/// Errors: throws std::bad_alloc; then the stream is as it was.
template <std::derived_from<stream_socket> Stream>
owned_halves<Stream> into_halves(Stream&& stream) {
  return owned_halves<Stream>::of(std::forward<Stream>(stream));
}

/// Makes a stream of two halves again. Nobody may be in a call on either.
///
/// Errors: `invalid_argument` when they are not halves of the same stream; then they stay as they
///   are.
template <std::derived_from<stream_socket> Stream>
result<Stream> reunite(owned_read_half<Stream>&& reader,
                       owned_write_half<Stream>&& writer) noexcept {
  return owned_halves<Stream>::joined(reader, writer);
}

}  // namespace weft
