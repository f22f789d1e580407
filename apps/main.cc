#include <strads/main.h>

#include "apps/lasso/lasso.h"

int main(int argc, char** argv) { return strads::Main(argc, argv, {strads::lasso::MakeLasso()}); }
