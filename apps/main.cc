#include <strads/main.h>

#include "apps/lasso/lasso.h"
#include "apps/lda/lda.h"
#include "apps/mf/mf.h"
#include "apps/regression/regression.h"
#include "apps/svm/sgd/sgd.h"
#include "apps/svm/svm.h"

int main(int argc, char** argv) {
  return strads::Main(
      argc, argv,
      {strads::lasso::MakeLasso(), strads::lda::MakeLda(), strads::mf::MakeMf(),
       strads::regression::MakeRegression(), strads::sgd::MakeSgd(), strads::svm::MakeSvm()});
}
