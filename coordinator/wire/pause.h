#pragma once

namespace strads::wire {

// Of a thread that looks again and again: leaves the core to the one that it shares it with.
inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace strads::wire
