#pragma once

#include <strads/fields.h>
#include <strads/options.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace strads::search {

// One option and the values to try.
struct Axis {
  std::string name;
  std::vector<std::string> values;
  STRADS_FIELDS(name, values)
};

// All combinations of the values of some options; the last varies fastest.
struct Grid {
  std::vector<Axis> axes;
  STRADS_FIELDS(axes)

  int64_t size() const;
  // The values of setting n, in the order of the axes.
  std::vector<std::string> At(int64_t n) const;
};

// Reads "name=value,value,... name=lo:hi:n ...". Values are written as the options are written
// everywhere else. Throws UsageError, naming the option, if it is not in `options`, is named twice,
// or has a value of the wrong type, and if there are no axes or over a million settings. Of
// `shared` it says that they are options of the run.
Grid ParseGrid(const std::string& text,
               const std::vector<OptionInfo>& options,
               const std::set<std::string>& shared = {});

}  // namespace strads::search
