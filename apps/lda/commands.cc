#include "apps/lda/commands.h"

#include "apps/lda/lda.h"
#include "apps/lda/row_file.h"

namespace strads::lda {

Program MakeLda() {
  Program program = MakeProgram<Lda>(
      "lda", "find topics of documents: minus joint log-likelihood per token, by Gibbs sampling",
      {TopicsCommand(), InferCommand(), EvaluateCommand()});
  program.describe = [](const Bytes& model) { return Describe(Unpack<Model>(model)) + "\n"; };
  program.model_endings = {WordRowsPath(""), DocumentRowsPath(""), TokensPath("")};
  return program;
}

}  // namespace strads::lda
