#pragma once

#include <strads/bytes.h>
#include <strads/error.h>
#include <strads/field_types.h>
#include <strads/fields.h>
#include <strads/sparse_vector.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// How the fields of messages become msgpack and back; apps use strads/message.h.
namespace strads::codec {

// The msgpack ext type of a numeric array, whose payload is raw little-endian elements. Each
// array says what it is made of, so a message can be printed without knowing its C++ type.
enum ArrayType : int8_t {
  kFloat64 = 1,
  kFloat32 = 2,
  kInt8 = 3,
  kUint8 = 4,
  kInt16 = 5,
  kUint16 = 6,
  kInt32 = 7,
  kUint32 = 8,
  kInt64 = 9,
  kUint64 = 10,
  kSparseFloat64 = 16,  // int64 size, int64 count, count int64 indices, count float64 values
};

template <class T>
constexpr ArrayType ArrayTypeOf() {
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
  if constexpr (std::is_floating_point_v<T>) {
    static_assert(sizeof(T) <= 8);
    return sizeof(T) == 8 ? kFloat64 : kFloat32;
  } else {
    constexpr int kBase = sizeof(T) == 1   ? kInt8
                          : sizeof(T) == 2 ? kInt16
                          : sizeof(T) == 4 ? kInt32
                                           : kInt64;
    return static_cast<ArrayType>(kBase + (std::is_unsigned_v<T> ? 1 : 0));
  }
}

class Encoder {
 public:
  explicit Encoder(size_t size_hint) { out_.Reserve(size_hint); }
  void Map(size_t entries);
  void Array(size_t elements);
  void String(std::string_view text);
  void Bool(bool value);
  void Int(int64_t value);
  void Uint(uint64_t value);
  // All 64 bits survive, those of -0.0 and NaN included.
  void Double(double value);
  void RawArray(ArrayType type, const void* data, size_t num_bytes);
  void Sparse(const SparseVector& vector);
  Bytes Finish() { return out_.Finish(); }

 private:
  ByteWriter out_;
};

// A value inside a decoded message. Every accessor throws Error (kProtocol) if the value is not
// what is asked for; it lives as long as its Decoder.
class Value {
 public:
  explicit Value(const void* object) : object_(object) {}
  size_t MapSize() const;
  Value KeyAt(size_t i) const;
  Value ValueAt(size_t i) const;
  bool IsArray() const;
  size_t ArraySize() const;
  Value ElementAt(size_t i) const;
  std::string_view String() const;
  bool Bool() const;
  int64_t Int() const;
  uint64_t Uint() const;
  double Double() const;  // an integer is accepted
  // The payload of a numeric array of `type`, not aligned.
  std::string_view RawArray(ArrayType type, size_t element_size) const;
  void Sparse(SparseVector& vector) const;

 private:
  const void* object_;
};

class Decoder {
 public:
  explicit Decoder(const Bytes& bytes);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  Value root() const;

 private:
  struct Parsed;
  std::unique_ptr<Parsed> parsed_;
};

[[noreturn]] void ThrowOutOfRange();
// Of the Error that is being caught: throws it again, with this step of the way from the message to
// the value that is wrong, the name of a field or the number of an element, before those it has.
[[noreturn]] void ThrowWithin(std::string_view field);
[[noreturn]] void ThrowWithin(size_t element);

// About how many bytes `field` takes when packed, and not less, so that the buffer need not grow;
// but that of a sparse vector, whose non-zeros are not counted for it.
template <class T>
size_t PackedSizeHint(const T& field) {
  if constexpr (std::is_arithmetic_v<T>) {
    return 9;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return field.size() + 5;
  } else if constexpr (NumericArray<T>) {
    return static_cast<size_t>(field.size()) * sizeof(field[0]) + 6;
  } else if constexpr (std::is_same_v<T, SparseVector>) {
    return 64;
  } else if constexpr (HasFields<T>) {
    size_t size = 5;
    ForEachField(field, [&](std::string_view name, const auto& f) {
      size += name.size() + 5 + PackedSizeHint(f);
    });
    return size;
  } else if constexpr (IsMap<T>::value) {
    size_t size = 5;
    for (const auto& [key, value] : field) size += PackedSizeHint(key) + PackedSizeHint(value);
    return size;
  } else {
    size_t size = 5;
    for (const auto& element : field) size += PackedSizeHint<typename T::value_type>(element);
    return size;
  }
}

template <class T>
void Encode(Encoder& out, const T& field) {
  if constexpr (std::is_same_v<T, bool>) {
    out.Bool(field);
  } else if constexpr (std::is_floating_point_v<T>) {
    out.Double(static_cast<double>(field));
  } else if constexpr (std::is_unsigned_v<T>) {
    out.Uint(field);
  } else if constexpr (std::is_integral_v<T>) {
    out.Int(field);
  } else if constexpr (std::is_same_v<T, std::string>) {
    out.String(field);
  } else if constexpr (NumericArray<T>) {
    using Element = std::remove_cvref_t<decltype(field[0])>;
    out.RawArray(ArrayTypeOf<typename NumberOf<Element>::Type>(), field.data(),
                 static_cast<size_t>(field.size()) * sizeof(Element));
  } else if constexpr (std::is_same_v<T, SparseVector>) {
    out.Sparse(field);
  } else if constexpr (IsVector<T>::value) {
    out.Array(field.size());
    for (const auto& element : field) Encode<typename T::value_type>(out, element);
  } else if constexpr (IsMap<T>::value) {
    out.Map(field.size());
    for (const auto& [key, value] : field) {
      Encode(out, key);
      Encode(out, value);
    }
  } else {
    out.Map(kNumFields<T>);
    ForEachField(field, [&](std::string_view name, const auto& f) {
      out.String(name);
      Encode(out, f);
    });
  }
}

template <class T>
void Decode(Value in, T& field);

// Reads numbers wherever they lie in a message.
template <class T>
class UnalignedIterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = const T*;
  using reference = T;

  explicit UnalignedIterator(const char* at) : at_(at) {}
  T operator*() const {
    T value;
    std::memcpy(&value, at_, sizeof value);
    return value;
  }
  UnalignedIterator& operator++() {
    at_ += sizeof(T);
    return *this;
  }
  UnalignedIterator& operator--() {
    at_ -= sizeof(T);
    return *this;
  }
  UnalignedIterator& operator+=(difference_type n) {
    at_ += n * static_cast<difference_type>(sizeof(T));
    return *this;
  }
  friend difference_type operator-(UnalignedIterator a, UnalignedIterator b) {
    return (a.at_ - b.at_) / static_cast<difference_type>(sizeof(T));
  }
  friend bool operator==(UnalignedIterator, UnalignedIterator) = default;

 private:
  const char* at_;
};

template <NumericArray T>
void DecodeNumericArray(Value in, T& field) {
  using Element = std::remove_cvref_t<decltype(field[0])>;
  using Size = decltype(field.size());
  if constexpr (Number<Element>) {
    if (in.IsArray()) {  // numbers one by one, as a model edited by hand has them
      field.resize(static_cast<Size>(in.ArraySize()));
      size_t i = 0;
      try {
        for (; i < in.ArraySize(); ++i) Decode(in.ElementAt(i), field[static_cast<Size>(i)]);
      } catch (const Error&) {
        ThrowWithin(i);
      }
      return;
    }
  }
  const std::string_view raw =
      in.RawArray(ArrayTypeOf<typename NumberOf<Element>::Type>(), sizeof(Element));
  if constexpr (IsVectorOfNumbers<T>::value) {  // resize() would write the memory twice
    field.assign(UnalignedIterator<Element>(raw.data()),
                 UnalignedIterator<Element>(raw.data() + raw.size()));
  } else {
    field.resize(static_cast<Size>(raw.size() / sizeof(Element)));
    if (!raw.empty()) std::memcpy(field.data(), raw.data(), raw.size());
  }
}

template <HasFields T>
void DecodeFields(Value in, T& message) {
  const size_t size = in.MapSize();
  size_t expected = 0;  // messages of our own version have their fields in order
  ForEachField(message, [&](std::string_view name, auto& f) {
    for (size_t tried = 0; tried < size; ++tried) {
      const size_t i = (expected + tried) % size;
      if (in.KeyAt(i).String() != name) continue;
      try {
        Decode(in.ValueAt(i), f);
      } catch (const Error&) {
        ThrowWithin(name);
      }
      expected = i + 1;
      return;
    }
  });
}

template <class T>
void Decode(Value in, T& field) {
  if constexpr (std::is_same_v<T, bool>) {
    field = in.Bool();
  } else if constexpr (std::is_floating_point_v<T>) {
    field = static_cast<T>(in.Double());
  } else if constexpr (std::is_unsigned_v<T>) {
    const uint64_t value = in.Uint();
    if (value > std::numeric_limits<T>::max()) ThrowOutOfRange();
    field = static_cast<T>(value);
  } else if constexpr (std::is_integral_v<T>) {
    const int64_t value = in.Int();
    if (value > std::numeric_limits<T>::max() || value < std::numeric_limits<T>::min())
      ThrowOutOfRange();
    field = static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    field = in.String();
  } else if constexpr (NumericArray<T>) {
    DecodeNumericArray(in, field);
  } else if constexpr (std::is_same_v<T, SparseVector>) {
    in.Sparse(field);
  } else if constexpr (IsVector<T>::value) {
    field.clear();
    field.resize(in.ArraySize());
    size_t i = 0;
    try {
      for (; i < field.size(); ++i) {
        typename T::value_type element{};
        Decode(in.ElementAt(i), element);
        field[i] = std::move(element);
      }
    } catch (const Error&) {
      ThrowWithin(i);
    }
  } else if constexpr (IsMap<T>::value) {
    field.clear();
    for (size_t i = 0; i < in.MapSize(); ++i) {
      typename T::key_type key{};
      Decode(in.KeyAt(i), key);
      Decode(in.ValueAt(i), field[key]);
    }
  } else {
    DecodeFields(in, field);
  }
}

}  // namespace strads::codec
