#pragma once

#include <strads/bytes.h>
#include <strads/codec.h>
#include <strads/fields.h>

#include <concepts>
#include <tuple>

namespace strads {

// A struct whose content is declared by STRADS_FIELDS and made of fields that can travel: bool,
// integers, float, double, std::string, vectors of those, Eigen vectors, SparseVector, std::map
// with integer or string keys, and other messages.
template <class T>
concept Message = codec::HasFields<T> && codec::AllFieldsTravel<T>;

// Packs a message into bytes: a msgpack map keyed by field name. Numeric arrays are copied as one
// block of raw little-endian bytes. Throws Error (kProtocol) if a field is over 4 GiB or has over
// 2^32 - 1 elements.
template <class T>
Bytes Pack(const T& message) {
  if constexpr (Message<T>) {
    codec::Encoder encoder(codec::PackedSizeHint(message));
    codec::Encode(encoder, message);
    return encoder.Finish();
  } else {
    static_assert(codec::CheckFields<T>());
  }
}

// The message in `bytes`. A field that is missing keeps its default and one that is unknown is
// skipped, so that versions that differ by a field understand each other. Throws Error (kProtocol)
// on bytes that are no such message: truncated, trailing, of another type, or nested too deep.
// Takes memory of at most a small multiple of bytes.size().
template <class T>
T Unpack(const Bytes& bytes) {
  T message;
  if constexpr (Message<T>) {
    codec::Decoder decoder(bytes);
    codec::Decode(decoder.root(), message);
  } else {
    static_assert(codec::CheckFields<T>());
  }
  return message;
}

}  // namespace strads
