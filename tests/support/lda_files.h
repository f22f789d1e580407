#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace strads::testing {

// A file of lines `number topic:count ... # word`, read without the code that wrote it.
struct TopicRows {
  explicit TopicRows(const std::string& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    for (std::string line; std::getline(file, line);) {
      const size_t comment = line.find(" # ");
      std::istringstream fields(line.substr(0, comment));
      int64_t number = -1;
      fields >> number;
      EXPECT_FALSE(rows.contains(number)) << line;
      auto& row = rows[number];
      if (comment != std::string::npos) words[number] = line.substr(comment + 3);
      for (std::string field; fields >> field;) {
        long long topic = 0, count = 0;
        EXPECT_EQ(std::sscanf(field.c_str(), "%lld:%lld", &topic, &count), 2) << line;
        EXPECT_TRUE(row.emplace(static_cast<int>(topic), count).second) << line;
        EXPECT_GT(count, 0) << line;
      }
    }
  }

  int64_t SumOf(int64_t number) const {
    int64_t sum = 0;
    for (const auto& [topic, count] : rows.at(number)) sum += count;
    return sum;
  }
  std::vector<int64_t> Totals(int topics) const {
    std::vector<int64_t> totals(static_cast<size_t>(topics));
    for (const auto& [number, row] : rows)
      for (const auto& [topic, count] : row) totals.at(static_cast<size_t>(topic)) += count;
    return totals;
  }

  std::map<int64_t, std::map<int, int64_t>> rows;
  std::map<int64_t, std::string> words;
};

// log p(w, z | alpha, beta) by its definition, from the two files of counts.
inline double JointLogLikelihood(const TopicRows& words,
                                 const TopicRows& documents,
                                 const std::vector<double>& alpha,
                                 double beta) {
  const auto vocabulary = static_cast<double>(words.rows.size());
  double sum = 0, alpha_sum = 0;
  for (const double a : alpha) alpha_sum += a;
  for (const int64_t total : words.Totals(static_cast<int>(alpha.size())))
    sum += std::lgamma(vocabulary * beta) -
           std::lgamma(static_cast<double>(total) + vocabulary * beta);
  for (const auto& [word, row] : words.rows)
    for (const auto& [topic, count] : row)
      sum += std::lgamma(static_cast<double>(count) + beta) - std::lgamma(beta);
  for (const auto& [document, row] : documents.rows) {
    sum += std::lgamma(alpha_sum) -
           std::lgamma(static_cast<double>(documents.SumOf(document)) + alpha_sum);
    for (const auto& [topic, count] : row) {
      const double a = alpha[static_cast<size_t>(topic)];
      sum += std::lgamma(static_cast<double>(count) + a) - std::lgamma(a);
    }
  }
  return sum;
}

}  // namespace strads::testing
