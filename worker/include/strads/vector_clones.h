#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STRADS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRADS_SANITIZED 1
#endif

// A copy of the function for each instruction set, picked when the program is loaded; nothing that
// rounds differs between them. Sanitizers instrument the code that picks, which runs before they
// are ready.
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(STRADS_SANITIZED)
#define STRADS_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define STRADS_VECTOR_CLONES
#endif
