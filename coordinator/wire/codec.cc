#include <strads/codec.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <msgpack/object.hpp>
#include <msgpack/pack.hpp>
#include <msgpack/unpack.hpp>
#include <new>
#include <string>

namespace strads::codec {
namespace {

static_assert(std::endian::native == std::endian::little, "raw arrays travel little-endian");

using Packer = msgpack::packer<ByteWriter>;
using msgpack::type::ARRAY;
using msgpack::type::EXT;
using msgpack::type::MAP;

constexpr size_t kMaxDepth = 32;

const msgpack::object& Object(const void* object) {
  return *static_cast<const msgpack::object*>(object);
}

const char* KindName(msgpack::type::object_type type) {
  switch (type) {
    case msgpack::type::NIL:
      return "nil";
    case msgpack::type::BOOLEAN:
      return "a bool";
    case msgpack::type::POSITIVE_INTEGER:
    case msgpack::type::NEGATIVE_INTEGER:
      return "an integer";
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return "a number";
    case msgpack::type::STR:
      return "a string";
    case msgpack::type::BIN:
      return "bytes";
    case ARRAY:
      return "an array";
    case MAP:
      return "a map";
    case EXT:
      return "a numeric array";
  }
  return "something unknown";
}

[[noreturn]] void Mismatch(const msgpack::object& object, const char* expected) {
  throw ProtocolError(std::string(KindName(object.type)) + ", expected " + expected);
}

bool KeepInPlace(msgpack::type::object_type, std::size_t, void*) { return true; }

// A number that was the key of a map when that was saved as JSON is text.
template <class T>
bool ReadWhole(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// An error of a value, with the way to it.
class ErrorWithin : public Error {
 public:
  ErrorWithin(const std::string& path, const std::string& what, ErrorKind kind)
      : Error(kind, "\"" + path + "\": " + what), path_(path), what_(what) {}

  [[noreturn]] static void ThrowAgain(const std::string& step) {
    try {
      throw;
    } catch (const ErrorWithin& error) {
      const bool is_element = error.path_.starts_with('[');
      throw ErrorWithin(step + (is_element ? "" : ".") + error.path_, error.what_, error.kind());
    } catch (const Error& error) {
      throw ErrorWithin(step, error.what(), error.kind());
    }
  }

 private:
  std::string path_, what_;
};

// Memory that can be had without ending a process for it, in bytes; the most there can be if the
// system does not say.
double FreeMemory() {
  std::ifstream file("/proc/meminfo");
  double sum = 0;
  std::string name;
  for (double kilobytes; file >> name >> kilobytes;) {
    if (name == "MemAvailable:" || name == "SwapFree:") sum += 1024 * kilobytes;
    std::getline(file, name);
  }
  return sum > 0 ? sum : std::numeric_limits<double>::infinity();
}

// A sparse vector says how much memory it takes rather than bring it along, so it is bounded: by
// what a number of a feature can be, and, as clearing pages takes seconds and using up what there
// is ends processes, by the memory that is free.
SparseVector MakeSparse(int64_t size) {
  constexpr int64_t kMost = int64_t{1} << 31, kLarge = int64_t{1} << 27;
  if (size < 0 || size > kMost) {
    throw ProtocolError("a sparse vector says it has size " + std::to_string(size) +
                        ", expected 0 to " + std::to_string(kMost));
  }
  const double bytes = sizeof(double) * static_cast<double>(size);
  try {
    if (size < kLarge || bytes < FreeMemory()) return SparseVector(static_cast<size_t>(size));
  } catch (const std::bad_alloc&) {
    // Told below.
  }
  throw FailedError("out of memory: a sparse vector of size " + std::to_string(size) + " needs " +
                    std::to_string(size >> 27) + " GiB, expected less than is free");
}

// Of what a message counts in 32 bits.
uint32_t Count(size_t count, const char* of) {
  if (count > std::numeric_limits<uint32_t>::max())
    throw ProtocolError("a field of " + std::to_string(count) + " " + of +
                        " does not fit a message, expected less than 2^32");
  return static_cast<uint32_t>(count);
}

int64_t ReadInt64(const char* from) {
  int64_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace

void ThrowOutOfRange() { throw ProtocolError("an integer that the field cannot hold"); }

void ThrowWithin(std::string_view field) { ErrorWithin::ThrowAgain(std::string(field)); }
void ThrowWithin(size_t element) { ErrorWithin::ThrowAgain("[" + std::to_string(element) + "]"); }

void Encoder::Map(size_t entries) { Packer(out_).pack_map(Count(entries, "entries")); }
void Encoder::Array(size_t elements) { Packer(out_).pack_array(Count(elements, "elements")); }
void Encoder::String(std::string_view text) {
  const uint32_t size = Count(text.size(), "bytes");
  Packer(out_).pack_str(size).pack_str_body(text.data(), size);
}
void Encoder::Bool(bool value) { value ? Packer(out_).pack_true() : Packer(out_).pack_false(); }
void Encoder::Int(int64_t value) { Packer(out_).pack_int64(value); }
void Encoder::Uint(uint64_t value) { Packer(out_).pack_uint64(value); }

void Encoder::Double(double value) {
  // msgpack-cxx writes an integral double as an integer, which loses the sign of -0.0.
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  char encoded[9] = {static_cast<char>(0xcb)};
  for (int i = 0; i < 8; ++i) encoded[1 + i] = static_cast<char>(bits >> (56 - 8 * i));
  out_.write(encoded, sizeof encoded);
}

void Encoder::RawArray(ArrayType type, const void* data, size_t num_bytes) {
  const uint32_t size = Count(num_bytes, "bytes");
  Packer(out_).pack_ext(size, type).pack_ext_body(static_cast<const char*>(data), size);
}

void Encoder::Sparse(const SparseVector& vector) {
  std::vector<int64_t> head = {static_cast<int64_t>(vector.size()), 0};
  std::vector<double> values;
  for (size_t j = 0; j < vector.size(); ++j) {
    if (vector[j] == 0 && !std::signbit(vector[j])) continue;
    head.push_back(static_cast<int64_t>(j));
    values.push_back(vector[j]);
  }
  head[1] = static_cast<int64_t>(values.size());
  Packer(out_).pack_ext(Count(8 * (head.size() + values.size()), "bytes"), kSparseFloat64);
  out_.write(reinterpret_cast<const char*>(head.data()), 8 * head.size());
  out_.write(reinterpret_cast<const char*>(values.data()), 8 * values.size());
}

size_t Value::MapSize() const {
  if (Object(object_).type != MAP) Mismatch(Object(object_), "a map");
  return Object(object_).via.map.size;
}
Value Value::KeyAt(size_t i) const { return Value(&Object(object_).via.map.ptr[i].key); }
Value Value::ValueAt(size_t i) const { return Value(&Object(object_).via.map.ptr[i].val); }

bool Value::IsArray() const { return Object(object_).type == ARRAY; }
size_t Value::ArraySize() const {
  if (!IsArray()) Mismatch(Object(object_), "an array");
  return Object(object_).via.array.size;
}
Value Value::ElementAt(size_t i) const { return Value(&Object(object_).via.array.ptr[i]); }

std::string_view Value::String() const {
  const auto& object = Object(object_);
  if (object.type != msgpack::type::STR) Mismatch(object, "a string");
  return {object.via.str.ptr, object.via.str.size};
}

bool Value::Bool() const {
  if (Object(object_).type != msgpack::type::BOOLEAN) Mismatch(Object(object_), "a bool");
  return Object(object_).via.boolean;
}

int64_t Value::Int() const {
  const auto& object = Object(object_);
  if (object.type == msgpack::type::NEGATIVE_INTEGER) return object.via.i64;
  if (object.type == msgpack::type::POSITIVE_INTEGER) {
    if (object.via.u64 > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      ThrowOutOfRange();
    return static_cast<int64_t>(object.via.u64);
  }
  if (object.type == msgpack::type::STR) {
    int64_t value = 0;
    if (ReadWhole(String(), value)) return value;
  }
  Mismatch(object, "an integer");
}

uint64_t Value::Uint() const {
  const auto& object = Object(object_);
  if (object.type == msgpack::type::POSITIVE_INTEGER) return object.via.u64;
  if (object.type == msgpack::type::STR) {
    uint64_t value = 0;
    if (ReadWhole(String(), value)) return value;
  }
  Mismatch(object, "an integer of at least 0");
}

double Value::Double() const {
  const auto& object = Object(object_);
  if (object.type == msgpack::type::FLOAT64 || object.type == msgpack::type::FLOAT32)
    return object.via.f64;
  if (object.type == msgpack::type::POSITIVE_INTEGER) return static_cast<double>(object.via.u64);
  if (object.type == msgpack::type::NEGATIVE_INTEGER) return static_cast<double>(object.via.i64);
  if (object.type == msgpack::type::STR) {  // what JSON has no number for
    const std::string_view text = String();
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
  }
  Mismatch(object, "a number");
}

std::string_view Value::RawArray(ArrayType type, size_t element_size) const {
  const auto& object = Object(object_);
  if (object.type != EXT || object.via.ext.type() != type)
    Mismatch(object, "a numeric array of another type");
  if (object.via.ext.size % element_size != 0)
    throw ProtocolError("a numeric array that ends inside a number");
  return {object.via.ext.data(), object.via.ext.size};
}

void Value::Sparse(SparseVector& vector) const {
  if (Object(object_).type ==
      MAP) {  // as saved for people: {"size": n, "entries": {"1": v, ...}}, from 1
    int64_t size = -1;
    for (size_t i = 0; i < MapSize(); ++i) {
      if (KeyAt(i).String() == "size") size = ValueAt(i).Int();
    }
    vector = MakeSparse(size);
    for (size_t i = 0; i < MapSize(); ++i) {
      if (KeyAt(i).String() != "entries") continue;
      const Value entries = ValueAt(i);
      for (size_t e = 0; e < entries.MapSize(); ++e) {
        const int64_t j = entries.KeyAt(e).Int();
        if (j < 1 || j > size)
          throw ProtocolError("a sparse vector of size " + std::to_string(size) + " has an entry " +
                              std::to_string(j));
        vector[static_cast<size_t>(j - 1)] = entries.ValueAt(e).Double();
      }
    }
    return;
  }
  const std::string_view raw = RawArray(kSparseFloat64, 8);
  if (raw.size() < 16) throw ProtocolError("a sparse vector is cut short");
  const int64_t size = ReadInt64(raw.data());
  const int64_t count = ReadInt64(raw.data() + 8);
  if (count < 0 || count > size || raw.size() != 16 + 16 * static_cast<size_t>(count))
    throw ProtocolError("a sparse vector has sizes that do not match");
  vector = MakeSparse(size);
  const char* indices = raw.data() + 16;
  const char* values = indices + 8 * count;
  for (int64_t e = 0; e < count; ++e) {
    const int64_t j = ReadInt64(indices + 8 * e);
    if (j < 0 || j >= size) throw ProtocolError("a sparse vector has an entry outside its size");
    double value;
    std::memcpy(&value, values + 8 * e, sizeof value);
    vector[static_cast<size_t>(j)] = value;
  }
}

struct Decoder::Parsed {
  msgpack::zone zone;
  msgpack::object root;

  // Memory of the last message of this thread, for the next. A zone's is beyond what malloc keeps a
  // thread: it would lock an arena, and threads that do so at every message sleep for each other.
  static std::unique_ptr<Parsed>& Spare() {
    thread_local std::unique_ptr<Parsed> spare;
    return spare;
  }
};

Decoder::Decoder(const Bytes& bytes) : parsed_(std::move(Parsed::Spare())) {
  if (parsed_ == nullptr) parsed_ = std::make_unique<Parsed>();
  size_t end = 0;
  // No element takes less than a byte, so these bounds hold for every honest message and keep a
  // dishonest one from claiming more memory than a small multiple of its own size.
  const size_t most = bytes.size();
  const msgpack::unpack_limit limit(most, most / 2 + 1, most, most, most, kMaxDepth);
  try {
    bool referenced = false;
    parsed_->root = msgpack::unpack(parsed_->zone, bytes.data(), bytes.size(), end, referenced,
                                    KeepInPlace, nullptr, limit);
  } catch (const msgpack::unpack_error& error) {
    throw ProtocolError(std::string("bytes are no message: ") + error.what());
  }
  if (end != bytes.size()) throw ProtocolError("bytes follow the end of a message");
}

Decoder::~Decoder() {
  parsed_->zone.clear();
  Parsed::Spare() = std::move(parsed_);
}

Value Decoder::root() const { return Value(&parsed_->root); }

}  // namespace strads::codec
