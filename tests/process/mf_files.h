#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "strads/random.h"
#include "tests/process/cli.h"

namespace strads::testing {

struct RatingLine {
  std::string user, item;
  double value = 0;
};

inline std::string ToText(const std::vector<RatingLine>& lines) {
  std::ostringstream text;
  for (const RatingLine& line : lines)
    text << line.user << '\t' << line.item << '\t' << line.value << '\n';
  return text.str();
}

// Cells of a matrix of rank 1 and noise, in no order of users or items.
inline std::vector<RatingLine> DrawRatings(int users, int items, double share, uint64_t seed) {
  Random random(seed);
  std::vector<RatingLine> lines;
  for (int i = 0; i < items; ++i) {
    for (int u = 0; u < users; ++u) {
      if (random.Uniform() >= share && i != u % items && u != i % users) continue;
      const double value = 3 + 1.5 * std::sin(u) * std::cos(i) + random.Uniform() - 0.5;
      lines.push_back({"user " + std::to_string(7 * u % users), "i-" + std::to_string(i),
                       std::round(100 * value) / 100});
    }
  }
  return lines;
}

// A two-dimensional .npy file of little-endian float32, read without the code that wrote it.
inline std::vector<std::vector<double>> ReadNpy(const std::string& path) {
  const std::string bytes = ReadText(path);
  if (bytes.size() < 10 || bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0) {
    ADD_FAILURE() << path << " is no .npy file";
    return {};
  }
  const size_t length =
      static_cast<unsigned char>(bytes[8]) + size_t{256} * static_cast<unsigned char>(bytes[9]);
  const std::string head = bytes.substr(10, length);
  EXPECT_NE(head.find("'descr': '<f4'"), std::string::npos) << head;
  EXPECT_NE(head.find("'fortran_order': False"), std::string::npos) << head;
  EXPECT_EQ((10 + length) % 64, 0u);
  size_t rows = 0, columns = 0;
  EXPECT_EQ(
      std::sscanf(head.c_str() + head.find("'shape': ("), "'shape': (%zu, %zu)", &rows, &columns),
      2)
      << head;
  EXPECT_EQ(bytes.size(), 10 + length + 4 * rows * columns);
  std::vector<std::vector<double>> matrix(rows, std::vector<double>(columns));
  const char* from = bytes.data() + 10 + length;
  for (auto& row : matrix) {
    for (double& x : row) {
      float value;
      std::memcpy(&value, from, sizeof value);
      x = static_cast<double>(value);
      from += sizeof value;
    }
  }
  return matrix;
}

// The three files of a model.
class MfModelFiles {
 public:
  explicit MfModelFiles(const std::string& path)
      : model(ModelJson(path).at("model")),
        w(ReadNpy(path + ".users.npy")),
        h(ReadNpy(path + ".items.npy")) {
    for (const Json& name : model.at("users")) users.emplace(name, users.size());
    for (const Json& name : model.at("items")) items.emplace(name, items.size());
    EXPECT_EQ(users.size(), w.size());
    EXPECT_EQ(items.size(), h.size());
  }

  // mean + b_u + c_i + w_u.h_i; what is unknown has no part in it.
  double Predict(const std::string& user, const std::string& item) const {
    const auto u = users.find(user), i = items.find(item);
    double sum = model.at("mean");
    if (u != users.end()) sum += Bias("user_biases", u->second);
    if (i != items.end()) sum += Bias("item_biases", i->second);
    if (u == users.end() || i == items.end()) return sum;
    for (size_t t = 0; t < w[0].size(); ++t) sum += w[u->second][t] * h[i->second][t];
    return sum;
  }

  Json model;
  std::vector<std::vector<double>> w, h;
  std::map<std::string, size_t> users, items;  // rows

 private:
  double Bias(const char* field, size_t row) const {
    const Json& biases = model.at(field);
    return biases.empty() ? 0 : biases.at(row).get<double>();
  }
};

inline Finished RunMf(const std::string& command, const Words& flags) {
  Words words = {"mf", command};
  if (command == "train") words.emplace_back("--noprogress");
  words.insert(words.end(), flags.begin(), flags.end());
  return RunStrads(words);
}

}  // namespace strads::testing
