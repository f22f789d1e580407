#include "apps/lasso/options.h"

#include <strads/error.h>
#include <strads/options.h>
#include <strads/schedule.h>

#include <cmath>
#include <limits>

namespace strads::lasso {
namespace {

template <class T>
void Expect(bool holds, const std::string& name, T value, const std::string& expected) {
  if (holds) return;
  throw UsageError("--" + name + "=" + internal::FormatOption(value) +
                   " is out of range, expected " + expected);
}

}  // namespace

void Validate(const Options& o) {
  if (o.data.empty()) throw UsageError("--data is missing, expected --data=FILE");
  Expect(o.num_features >= 0 && o.num_features <= std::numeric_limits<int32_t>::max(),
         "num_features", o.num_features, "0 to 2147483647");
  Expect(o.loss == "squared" || o.loss == "logistic", "loss", o.loss, "squared or logistic");
  Expect(o.lambda >= 0 && std::isfinite(o.lambda), "lambda", o.lambda, "more than 0");
  Expect(o.lambda > 0 || (o.lambda_ratio > 0 && std::isfinite(o.lambda_ratio)), "lambda_ratio",
         o.lambda_ratio, "more than 0");
  if (o.lambda > 0 && o.lambda_ratio != Options().lambda_ratio)
    throw UsageError("--lambda=" + internal::FormatOption(o.lambda) +
                     " beside --lambda_ratio=" + internal::FormatOption(o.lambda_ratio) +
                     ", expected one of them (--lambda=0 has it follow from --lambda_ratio)");
  Expect(o.l1_ratio >= 0 && o.l1_ratio <= 1, "l1_ratio", o.l1_ratio, "0 to 1");
  if (o.l1_ratio == 0 && o.lambda == 0)
    throw UsageError("--l1_ratio=0 has no lambda_max, expected --lambda beside it");
  if (o.nonnegative && !o.groups.empty())
    throw UsageError("--nonnegative is of single variables, expected no --groups beside it");
  Expect(o.parallelism >= 1, "parallelism", o.parallelism, "at least 1");
  Expect(o.candidates >= 1, "candidates", o.candidates, "at least 1");
  Expect(o.coupling_cache >= 2 && o.coupling_cache <= 131072, "coupling_cache", o.coupling_cache,
         "2 to 131072");
  Expect(o.max_coupling >= 0, "max_coupling", o.max_coupling, "at least 0");
  Expect(o.block_memory >= 0, "block_memory", o.block_memory, "at least 0");
  Expect(o.blocks >= 0, "blocks", o.blocks, "at least 0");
  if (o.schedule == "dependency" || o.schedule == "block_greedy") {
    if (!o.groups.empty())
      throw UsageError("--schedule=" + o.schedule +
                       " goes by the couplings of single variables, expected no --groups");
  } else if (o.schedule != "working_set") {
    try {
      (void)MakeSchedule(o.schedule, 0, 0, 0);
    } catch (const Error& error) {  // it knows those of the library
      throw UsageError(std::string(error.what()) + ", dependency, block_greedy or working_set");
    }
  }
}

}  // namespace strads::lasso
