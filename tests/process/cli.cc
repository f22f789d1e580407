#include "tests/process/cli.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace strads::testing {
namespace {

Words Join(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

Words Strads(const Words& words) { return Join({STRADS_BINARY}, words); }

std::unique_ptr<Process> Start(const Words& words) {
  return std::make_unique<Process>(Strads(words));
}

Finished RunStrads(const Words& words) {
  Process process(Strads(words));
  EXPECT_TRUE(process.WaitForExit()) << "does not end: " << ::testing::PrintToString(words);
  process.WaitForSilence(1);
  return {process.exit_code(), process.out(), process.err()};
}

Finished RunTrain(Words flags) {
  return RunStrads(Join({"lasso", "train", "--noprogress"}, std::move(flags)));
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << "no file " << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Json> ReadJsonLines(const std::string& path) {
  std::vector<Json> records;
  std::istringstream lines(ReadText(path));
  for (std::string line; std::getline(lines, line);) {
    records.push_back(Json::parse(line, nullptr, false));
    EXPECT_TRUE(records.back().is_object()) << "no JSON object: " << line;
  }
  return records;
}

std::string ModelBytes(const std::string& path) {
  const std::string text = ReadText(path);
  const size_t at = text.find("\n \"model\": ");
  EXPECT_NE(at, std::string::npos) << text;
  return at == std::string::npos ? "" : text.substr(at);
}

std::map<std::string, double> PrintedNumbers(const std::string& text) {
  std::map<std::string, double> numbers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    double value = 0;
    if (words >> name >> value) numbers[name] = value;
  }
  return numbers;
}

Json ModelJson(const std::string& path) {
  const Json json = Json::parse(ReadText(path), nullptr, false);
  EXPECT_TRUE(json.is_object()) << path << " is no JSON";
  return json;
}

Eigen::VectorXd Coefficients(const Json& model) {
  const Json& sparse = model.at("model").at("coefficients");
  Eigen::VectorXd b = Eigen::VectorXd::Zero(sparse.at("size").get<Eigen::Index>());
  for (const auto& [column, value] : sparse.at("entries").items()) {
    b[std::stol(column) - 1] = value.get<double>();
  }
  return b;
}

double Lambda(const Json& model) { return model.at("model").at("lambda").get<double>(); }

Problem QuickProblem() {
  return DrawProblem({.rows = 50, .cols = 30, .density = 0.5, .correlation = 0.3});
}

Problem SlowProblem() {
  return DrawProblem({.rows = 60, .cols = 1000, .correlation = 0.95, .relevant = 30});
}

Words SlowFlags(const std::string& data) {
  return {"lasso",           "train",         "--data=" + data,     "--schedule=cyclic",
          "--parallelism=1", "--tolerance=0", "--lambda_ratio=1e-5"};
}

bool IsUnderWay(Process& process) {
  // Their header is followed by a line after the first round.
  return process.WaitForErr("round") && process.WaitUntil([&] {
    const std::string err = process.err();
    return std::count(err.begin() + static_cast<int64_t>(err.find("round")), err.end(), '\n') > 1;
  });
}

TcpCoordinator::TcpCoordinator(Words flags, const Words& command)
    : process_(Start(Join(Join(command, {"--role=coordinator", "--listen=tcp://127.0.0.1:*"}),
                          std::move(flags)))) {
  const std::string words = "listening on ";
  if (!process_->WaitForErr(" workers")) return;
  const size_t at = process_->err().find(words) + words.size();
  endpoint_ = process_->err().substr(at, process_->err().find(' ', at) - at);
}

std::unique_ptr<Process> TcpCoordinator::StartMember(const std::string& role,
                                                     const Words& more) const {
  return Start(Join({"--role=" + role, "--connect=" + endpoint_}, more));
}

}  // namespace strads::testing
