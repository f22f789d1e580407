#pragma once

#include <strads/message.h>
#include <strads/options.h>
#include <strads/side_file.h>
#include <strads/summary.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace strads {

// A model as it lies in its file: JSON that people and tools can read, with numbers that read back
// as the very same doubles.
struct SavedModel {
  std::string app;
  OptionValues options;  // of the app, as it was trained with
  Bytes model;           // the app's Model, packed
  // What the file says of the training that made it, as JSON; empty: nothing, for models that come
  // from elsewhere.
  std::string training = {};
};

// Writes the file whole or not at all: to a temporary file beside it, which is then renamed. Files
// that lie beside it take their places with it, once it is known that it can be written.
// Throws Error (kData) if it cannot: what was there stays.
void WriteModel(const std::string& path, const SavedModel& saved, const SideFiles& side_files = {});
// With what the summary says of the training.
void WriteModel(const std::string& path,
                SavedModel saved,
                const Summary& summary,
                const SideFiles& side_files = {});

// Throws Error (kData) if WriteModel could not write there: found out before the work is done.
void CheckModelPath(const std::string& path);

// Throws Error (kData) if the file cannot be read or is no model of `app`; "path:line: ..." if it
// is no JSON, or nested deeper than any model.
SavedModel ReadModel(const std::string& path, const std::string& app);

// The app's Model of type T in the file, into which its fields are read. Those that the file does
// not have stay as they are by default, but for those it must have: without them it is damaged.
// Throws what ReadModel throws; 'path: "model.field[0].field": ...' of a value that does not fit
// its field, and Error (kFailed) of one that needs more memory than there is.
template <Message T>
T LoadModel(const std::string& path,
            const std::string& app,
            std::initializer_list<std::string_view> must_have = {}) {
  const SavedModel saved = ReadModel(path, app);
  T model;
  try {
    codec::Decoder decoder(saved.model);
    const codec::Value root = decoder.root();
    try {
      codec::Decode(root, model);
    } catch (const Error&) {
      codec::ThrowWithin("model");
    }
    for (const std::string_view name : must_have) {
      size_t at = 0;
      while (at < root.MapSize() && root.KeyAt(at).String() != name) ++at;
      if (at == root.MapSize())
        throw DataError("its model has no \"" + std::string(name) + "\", expected a trained model");
    }
  } catch (const Error& error) {
    const bool has_failed = error.kind() == ErrorKind::kFailed;
    throw Error(has_failed ? error.kind() : ErrorKind::kData, path + ": " + error.what());
  }
  return model;
}

}  // namespace strads
