#pragma once

#include <Eigen/Core>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/lasso_problems.h"
#include "tests/support/process.h"

namespace strads::testing {

using Words = std::vector<std::string>;
using Json = nlohmann::json;

// The command `strads WORDS`.
Words Strads(const Words& words);
std::unique_ptr<Process> Start(const Words& words);

// What a command printed and how it ended.
struct Finished {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs `strads WORDS` to its end, which must come in time.
Finished RunStrads(const Words& words);
Finished RunTrain(Words flags);  // quietly

std::string ReadText(const std::string& path);
// What a command has printed as lines "name value ...".
std::map<std::string, double> PrintedNumbers(const std::string& text);
// The JSON objects of a file, one a line.
std::vector<Json> ReadJsonLines(const std::string& path);
// The bytes of the entry "model" of a model file, which holds nothing of how it came to be.
std::string ModelBytes(const std::string& path);
Json ModelJson(const std::string& path);
Eigen::VectorXd Coefficients(const Json& model);
double Lambda(const Json& model);

// A problem that is done in no time, and one that coordinate descent, a variable a round, will not
// finish while anyone waits.
Problem QuickProblem();
Problem SlowProblem();
Words SlowFlags(const std::string& data);

// Waits for the first line of the progress of a run; false: it does not come in time.
bool IsUnderWay(Process& process);

// A coordinator on tcp that has told where it listens.
class TcpCoordinator {
 public:
  explicit TcpCoordinator(Words flags, const Words& command = {"lasso", "train"});
  Process& process() const { return *process_; }
  const std::string& endpoint() const { return endpoint_; }  // empty: it failed
  // Starts a worker or scheduler that knows no more than where the coordinator is.
  std::unique_ptr<Process> StartMember(const std::string& role, const Words& more = {}) const;

 private:
  std::unique_ptr<Process> process_;
  std::string endpoint_;
};

}  // namespace strads::testing
