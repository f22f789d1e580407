#include "apps/svm/liblinear_file.h"

#include <strads/error.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <vector>

namespace strads::svm {
namespace {

constexpr int64_t kMostFeatures = (int64_t{1} << 31) - 2;

void Append(double value, std::string& text) {
  char number[40];
  std::snprintf(number, sizeof number, "%.17g ", value);
  text += number;
}

const char* SolverName(const SvmModel& model) {
  if (model.multiclass == "crammer_singer") return "MCSVM_CS";
  if (model.loss == "logistic") return "L2R_LR";
  return model.loss == "hinge" ? "L2R_L1LOSS_SVC_DUAL" : "L2R_L2LOSS_SVC_DUAL";
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), file_(path) {
    if (!file_) throw DataError(path + ": cannot be opened");
  }

  [[noreturn]] void Fail(const std::string& what) const {
    throw DataError(path_ + ":" + std::to_string(line_) + ": " + what);
  }

  bool NextLine(std::istringstream& words) {
    std::string line;
    ++line_;
    if (!std::getline(file_, line)) return false;
    words.clear();
    words.str(line);
    return true;
  }

  double Number(std::istringstream& words) const {
    std::string word;
    words >> word;
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (word.empty() || error != std::errc() || end != word.data() + word.size() ||
        !std::isfinite(value))
      Fail("'" + word + "' is out of place, expected a finite number");
    return value;
  }

  // Of the words of a line.
  void ExpectEnd(std::istringstream& words) const {
    if (std::string more; words >> more)
      Fail("'" + more + "' is one number more than there are weights, expected nr_feature lines, " +
           "and one for the bias, of one for each class (of two classes, one)");
  }

  int64_t Count(std::istringstream& words, int64_t least, int64_t most) const {
    const double value = Number(words);
    if (value != std::floor(value) || value < static_cast<double>(least) ||
        value > static_cast<double>(most))
      Fail("the number is out of range, expected a whole number of " + std::to_string(least) +
           " to " + std::to_string(most));
    return static_cast<int64_t>(value);
  }

 private:
  const std::string path_;
  std::ifstream file_;
  int64_t line_ = 0;
};

struct Header {
  int64_t classes = 0, features = -1;
  double bias = -1;
};

void SetSolver(const Reader& reader, const std::string& name, SvmModel& model) {
  if (name == "MCSVM_CS")
    model.multiclass = "crammer_singer";
  else if (name == "L2R_L2LOSS_SVC" || name == "L2R_L2LOSS_SVC_DUAL" || name == "L1R_L2LOSS_SVC")
    model.loss = "squared_hinge";
  else if (name == "L2R_LR" || name == "L2R_LR_DUAL" || name == "L1R_LR")
    model.loss = "logistic";
  else if (name != "L2R_L1LOSS_SVC_DUAL")
    reader.Fail("the solver_type '" + name +
                "' is no classifier, expected MCSVM_CS or one with SVC or LR in its name");
}

Header ReadHeader(Reader& reader, SvmModel& model) {
  Header header;
  std::istringstream words;
  for (std::string key; reader.NextLine(words);) {
    if (!(words >> key)) continue;
    if (key == "w") {
      if (header.classes < 2 || header.features < 0 ||
          static_cast<int64_t>(model.labels.size()) != header.classes)
        reader.Fail("w comes before nr_class, label and nr_feature, expected all of them");
      return header;
    }
    if (key == "solver_type") {
      std::string name;
      words >> name;
      SetSolver(reader, name, model);
    } else if (key == "nr_class") {
      header.classes = reader.Count(words, 2, kMostFeatures);
    } else if (key == "label") {
      for (std::string label; words >> label; model.labels.push_back(label)) {
        if (std::ranges::find(model.labels, label) != model.labels.end())
          reader.Fail("the label '" + label + "' is there twice, expected different ones");
      }
    } else if (key == "nr_feature") {
      header.features = reader.Count(words, 0, kMostFeatures);
    } else if (key == "bias") {
      header.bias = reader.Number(words);
    } else {
      reader.Fail("'" + key +
                  "' is no part of a liblinear model, expected solver_type, nr_class, label, "
                  "nr_feature, bias or w");
    }
  }
  reader.Fail("the file ends before w, expected a liblinear model");
}

}  // namespace

std::string ToLiblinear(const std::string& path, const SvmModel& model) {
  std::string text = std::string("solver_type ") + SolverName(model) + "\nnr_class " +
                     std::to_string(model.labels.size()) + "\nlabel";
  // Of two classes liblinear gives the weights of the first.
  std::vector<std::string> labels = model.labels;
  if (model.classes.size() == 1) std::swap(labels[0], labels[1]);
  for (const std::string& label : labels) {
    int value = 0;
    const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), value);
    if (error != std::errc() || end != label.data() + label.size())
      throw DataError(path + ": the label '" + label +
                      "' is no whole number, which liblinear's format needs");
    text += " " + label;
  }
  const size_t features = model.classes.front().weights.size();
  text += "\nnr_feature " + std::to_string(features) + "\nbias " + (model.has_bias ? "1" : "-1") +
          "\nw\n";
  for (size_t j = 0; j < features; ++j) {
    for (const ClassModel& of : model.classes)
      Append(of.weights[j] * (model.scales.empty() ? 1 : model.scales[j]), text);
    text += '\n';
  }
  for (const ClassModel& of : model.classes) {
    if (model.has_bias) Append(of.bias, text);
  }
  if (model.has_bias) text += '\n';
  return text;
}

SvmModel ReadLiblinear(const std::string& path) {
  Reader reader(path);
  SvmModel model;
  const Header header = ReadHeader(reader, model);
  const bool is_single = header.classes == 2 && model.multiclass != "crammer_singer";
  if (is_single) std::swap(model.labels[0], model.labels[1]);
  model.has_bias = header.bias >= 0;
  model.classes.resize(is_single ? 1 : static_cast<size_t>(header.classes));
  for (size_t k = 0; k < model.classes.size(); ++k)
    model.classes[k].label = is_single ? model.labels[1] : model.labels[k];
  std::istringstream words;
  const int64_t lines = header.features + (model.has_bias ? 1 : 0);
  for (int64_t j = 0; j < lines; ++j) {
    if (!reader.NextLine(words))
      reader.Fail("the file ends, expected " + std::to_string(lines) + " lines of weights");
    for (ClassModel& of : model.classes) {
      const double weight = reader.Number(words);
      if (j < header.features) {
        // Memory follows the file: what its header says may not be so.
        of.weights.resize(static_cast<size_t>(j) + 1);
        of.weights[static_cast<size_t>(j)] = weight;
      } else {
        of.bias = header.bias * weight;
      }
    }
    reader.ExpectEnd(words);
  }
  while (reader.NextLine(words)) reader.ExpectEnd(words);
  return model;
}

}  // namespace strads::svm
