#include "apps/svm/training_rows.h"

#include <strads/parallel.h>
#include <strads/row_gram.h>

#include "apps/svm/block_inverse.h"

namespace strads::svm {

std::vector<double> TrainingRows::BlockOf(std::span<const int64_t> of,
                                          std::span<const double> weights) const {
  const std::vector<double> constants(of.size(), bias);
  const std::vector<double> centre(static_cast<size_t>(x->num_cols()) + 1, 0.0);
  ThreadPool pool(1);
  std::vector<double> block =
      RowGram({.x = x, .rows = of, .y = constants, .weights = weights}, centre, pool);
  block.resize(BlockNumbers(width(), 1));
  return block;
}

}  // namespace strads::svm
