#include <fcntl.h>
#include <strads/completed_file.h>
#include <strads/error.h>
#include <strads/model_file.h>
#include <strads/replaced_file.h>
#include <strads/version.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <msgpack/object.hpp>
#include <msgpack/unpack.hpp>
#include <nlohmann/json.hpp>

namespace strads {
namespace {

using Json = nlohmann::ordered_json;
// To read: an object that keeps its order looks each name up among all before it.
using SortedJson = nlohmann::json;

constexpr char kFormat[] = "strads model 1";

// JSON has no infinity and no NaN; Value::Double reads these words.
Json Number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

template <class T>
Json ToArray(const char* data, size_t num_bytes) {
  Json array = Json::array();
  for (size_t at = 0; at + sizeof(T) <= num_bytes; at += sizeof(T)) {
    T value;
    std::memcpy(&value, data + at, sizeof value);
    if constexpr (std::is_floating_point_v<T>) {
      array.push_back(std::isfinite(value) ? Json(value) : Number(value));
    } else {
      array.push_back(value);
    }
  }
  return array;
}

// People count columns from 1, as data files do.
Json SparseToJson(const char* data, size_t num_bytes) {
  int64_t head[2];
  std::memcpy(head, data, sizeof head);
  Json object = Json::object();
  auto& entries = object.get_ref<Json::object_t&>();  // a vector: looking up each name takes O(n^2)
  for (int64_t e = 0; e < head[1] && num_bytes >= sizeof head; ++e) {
    int64_t index;
    double value;
    std::memcpy(&index, data + 16 + 8 * e, sizeof index);
    std::memcpy(&value, data + 16 + 8 * (head[1] + e), sizeof value);
    entries.emplace_back(std::to_string(index + 1), Number(value));
  }
  return {{"size", head[0]}, {"entries", std::move(object)}};
}

Json ArrayToJson(const msgpack::object_ext& ext) {
  const char* data = ext.data();
  switch (ext.type()) {
    case codec::kFloat64:
      return ToArray<double>(data, ext.size);
    case codec::kFloat32:
      return ToArray<float>(data, ext.size);
    case codec::kInt8:
      return ToArray<int8_t>(data, ext.size);
    case codec::kUint8:
      return ToArray<uint8_t>(data, ext.size);
    case codec::kInt16:
      return ToArray<int16_t>(data, ext.size);
    case codec::kUint16:
      return ToArray<uint16_t>(data, ext.size);
    case codec::kInt32:
      return ToArray<int32_t>(data, ext.size);
    case codec::kUint32:
      return ToArray<uint32_t>(data, ext.size);
    case codec::kInt64:
      return ToArray<int64_t>(data, ext.size);
    case codec::kUint64:
      return ToArray<uint64_t>(data, ext.size);
    case codec::kSparseFloat64:
      return SparseToJson(data, ext.size);
    default:
      return nullptr;
  }
}

Json ObjectToJson(const msgpack::object& object) {
  switch (object.type) {
    case msgpack::type::BOOLEAN:
      return object.via.boolean;
    case msgpack::type::POSITIVE_INTEGER:
      return object.via.u64;
    case msgpack::type::NEGATIVE_INTEGER:
      return object.via.i64;
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return Number(object.via.f64);
    case msgpack::type::STR:
      return std::string(object.via.str.ptr, object.via.str.size);
    case msgpack::type::EXT:
      return ArrayToJson(object.via.ext);
    case msgpack::type::ARRAY: {
      Json array = Json::array();
      for (uint32_t i = 0; i < object.via.array.size; ++i)
        array.push_back(ObjectToJson(object.via.array.ptr[i]));
      return array;
    }
    case msgpack::type::MAP: {
      Json map = Json::object();
      for (uint32_t i = 0; i < object.via.map.size; ++i) {
        const auto& [key, value] = object.via.map.ptr[i];
        const Json name = ObjectToJson(key);
        map[name.is_string() ? name.get<std::string>() : name.dump()] = ObjectToJson(value);
      }
      return map;
    }
    default:
      return nullptr;
  }
}

// Every entry of an object on a line of its own, and every array on one line.
void Print(const Json& json, const std::string& indent, std::string& out) {
  if (!json.is_object() || json.empty()) {
    // Text that is not UTF-8, a path maybe, must not cost anyone a model.
    out += json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  out += "{\n";
  const std::string deeper = indent + " ";
  bool first = true;
  for (const auto& [key, value] : json.items()) {
    if (!first) out += ",\n";
    first = false;
    out += deeper + Json(key).dump(-1, ' ', false, Json::error_handler_t::replace) + ": ";
    Print(value, deeper, out);
  }
  out += "\n" + indent + "}";
}

// What reads nested values does so by calling itself: a file must not decide how often.
void RefuseDeepNesting(const std::string& path, const std::string& text) {
  constexpr int kMostDepth = 32;
  int depth = 0;
  int64_t line = 1;
  bool is_quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n') ++line;
    if (is_quoted) {
      if (c == '\\') ++at;
      is_quoted = c != '"';
    } else if (c == '"') {
      is_quoted = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    }
    if (depth > kMostDepth)
      throw DataError(path + ":" + std::to_string(line) + ": values are nested more than " +
                      std::to_string(kMostDepth) + " deep, expected a model of strads");
  }
}

[[noreturn]] void CannotWrite(const std::string& path) {
  throw DataError(path + ": cannot be written: " + std::strerror(errno));
}

void Write(int file, const std::string& text, const std::string& path) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) CannotWrite(path);
    written += static_cast<size_t>(count);
  }
}

// The text, complete beside its place.
std::unique_ptr<CompletedFile> WriteBeside(const std::string& path, const std::string& text) {
  const ReplacedFile whole(path);
  const int file = open(whole.temporary().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) CannotWrite(whole.temporary());
  std::unique_ptr<CompletedFile> completed;
  try {
    Write(file, text, path);
    completed = std::make_unique<CompletedFile>(path, whole, file);
  } catch (...) {
    close(file);
    whole.Remove();
    throw;
  }
  if (close(file) != 0) CannotWrite(path);
  return completed;
}

// Several files do not change at once, and a process may be killed in between. Where the shapes
// agree no one would notice that files of two trainings lie together: so the model goes before the
// first file of another takes its place, and is there again when the last one has.
void PlaceTogether(CompletedFile& model, const SideFiles& side_files) {
  if (!side_files.empty()) model.Vacate();
  for (const auto& file : side_files) file->Place();
  model.Place();
}

}  // namespace

void CheckModelPath(const std::string& path) {
  const ReplacedFile whole(path);
  if (whole.is_written_directly()) return;
  const int file = open(whole.temporary().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) CannotWrite(path);
  close(file);
  whole.Remove();
}

void WriteModel(const std::string& path,
                SavedModel saved,
                const Summary& summary,
                const SideFiles& side_files) {
  const Json training = {{"termination", TerminationName(summary.termination)},
                         {"objective", Number(summary.objective)},
                         {"gap", Number(summary.gap)},
                         {"rounds", summary.rounds}};
  saved.training = training.dump();
  WriteModel(path, saved, side_files);
}

void WriteModel(const std::string& path, const SavedModel& saved, const SideFiles& side_files) {
  msgpack::zone zone;
  const msgpack::object model = msgpack::unpack(zone, saved.model.data(), saved.model.size());
  Json json = {{"format", kFormat}, {"strads", kVersion}, {"app", saved.app}};
  if (!saved.training.empty()) json["training"] = Json::parse(saved.training);
  json["options"] = saved.options;
  json["model"] = ObjectToJson(model);
  std::string text;
  Print(json, "", text);
  text += "\n";
  PlaceTogether(*WriteBeside(path, text), side_files);
}

SavedModel ReadModel(const std::string& path, const std::string& app) {
  if (std::filesystem::is_directory(path)) throw DataError(path + ": is a folder, expected a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw DataError(path + ": cannot be opened: " + std::strerror(errno));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  RefuseDeepNesting(path, text);
  try {
    const SortedJson json = SortedJson::parse(text);
    if (json.value("format", "") != kFormat)
      throw DataError(path + ": is no model of strads, expected \"format\": \"" + kFormat + "\"");
    SavedModel saved;
    saved.app = json.at("app").get<std::string>();
    if (saved.app != app)
      throw DataError(path + ": is a model of app '" + saved.app + "', expected '" + app + "'");
    for (const auto& [name, value] : json.at("options").items())
      saved.options[name] = value.get<std::string>();
    if (json.contains("training")) saved.training = json["training"].dump();
    const std::vector<uint8_t> packed = SortedJson::to_msgpack(json.at("model"));
    saved.model = Bytes::Copy({reinterpret_cast<const char*>(packed.data()), packed.size()});
    return saved;
  } catch (const SortedJson::parse_error& error) {
    const auto line =
        1 + std::count(text.begin(),
                       text.begin() + static_cast<ptrdiff_t>(std::min(error.byte, text.size())),
                       '\n');
    throw DataError(path + ":" + std::to_string(line) + ": is no JSON: " + error.what());
  } catch (const SortedJson::exception& error) {
    throw DataError(path + ": is no model of strads: " + error.what());
  }
}

}  // namespace strads
