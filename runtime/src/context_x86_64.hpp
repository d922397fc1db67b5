#pragma once

#include <cstddef>
#include <cstdint>

/// The context switch for x86-64 under the System V ABI: a dozen instructions in line, where the
/// compiler saves only the registers that are live.
///
/// The floating-point control bits belong to the callee-saved state, so a fiber finds its rounding
/// mode again. They are compared and, in the usual case that all fibers agree, not loaded: loading
/// MXCSR when merely its sticky exception flags differ, as between a fiber that has computed and
/// one that has not, costs some 40 ns a switch.
namespace weft::detail {

using context = void*;
using context_entry = void (*)(void*);

/// The lowest byte of its stack that a suspended context needs.
inline std::byte* lowest_used(context suspended) noexcept {
  constexpr std::ptrdiff_t red_zone = 128;  // which the compiler may use below the stack pointer
  return static_cast<std::byte*>(suspended) - red_zone;
}

inline std::uint32_t floating_point_control() noexcept {
  std::uint32_t mxcsr;
  asm volatile("stmxcsr %0" : "=m"(mxcsr));
  constexpr std::uint32_t control_bits = 0xffc0;
  return mxcsr & control_bits;
}

/// Puts back what the resumed fiber had. fesetround() and the like keep the x87 unit in step with
/// MXCSR, so its rounding mode follows from that.
inline void set_floating_point_control(std::uint32_t control) noexcept {
  asm volatile("ldmxcsr %0" : : "m"(control));
  std::uint16_t x87;
  asm volatile("fnstcw %0" : "=m"(x87));
  x87 = static_cast<std::uint16_t>((x87 & ~0x0c00U) | ((control >> 3) & 0x0c00U));
  asm volatile("fldcw %0" : : "m"(x87));
}

/// A context that will call `Entry`, which must never return, on the stack that ends at `top`.
template <context_entry Entry>
context make_context(std::byte* top, std::size_t) noexcept {
  // What switch_context() pops: where to jump. Above it a null return address, where stack walks
  // end; the entry finds the stack aligned as after a call, and the data in rdi, as its argument.
  struct frame {
    context_entry start;
    void* return_address;
  };
  auto* const first = reinterpret_cast<frame*>(top - 2 * sizeof(frame));
  *first = {.start = Entry, .return_address = nullptr};
  return first;
}

[[gnu::always_inline]] inline void* switch_context(context& leaver, context to,
                                                   void* data) noexcept {
  const std::uint32_t control = floating_point_control();
  context* const save_to = &leaver;
  // 128: the red zone below the stack pointer belongs to the enclosing function.
  asm volatile(
      "leaq -128(%%rsp), %%rsp\n\t"
      "pushq %%rbp\n\t"
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "movq %%rsp, (%[save_to])\n\t"
      "movq %[to], %%rsp\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "popq %%rax\n\t"
      "jmpq *%%rax\n"
      "1:\n\t"
      "popq %%rbp\n\t"
      "leaq 128(%%rsp), %%rsp"
      : "+D"(data)
      : [save_to] "S"(save_to), [to] "d"(to)
      : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc",
        "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  if (floating_point_control() != control) [[unlikely]] {
    set_floating_point_control(control);
  }
  return data;
}

}  // namespace weft::detail
