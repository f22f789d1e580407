#include "apps/lda/commands.h"

#include <strads/search.h>

#include <vector>

#include "apps/lda/lda.h"
#include "apps/lda/row_file.h"

namespace strads::lda {

Program MakeLda() {
  Program program = MakeProgram<Lda>(
      "lda", "find topics of documents: minus joint log-likelihood per token, by Gibbs sampling",
      {TopicsCommand(), InferCommand(), EvaluateCommand()});
  program.describe = [](const Bytes& model) { return Describe(Unpack<Model>(model)) + "\n"; };
  program.model_endings = {WordRowsPath(""), DocumentRowsPath(""), TokensPath("")};
  // Trainings of a search write no models, which the topics of tokens could lie beside.
  Program searched = program;
  std::erase_if(searched.options, [](const OptionInfo& option) { return option.name == "tokens"; });
  program.commands.push_back(SearchCommand(searched));
  return program;
}

}  // namespace strads::lda
