# Rscript mf_peers.R TRAIN TEST RANK LAMBDA RATE EPOCHS...: mlpack's factorization by stochastic gradient
# descent, from zero to each number of epochs. TRAIN and TEST are binary: rows of user, item, value as doubles,
# counted from 0. Prints for each the epochs, the seconds of training and the RMSE on TEST, and in the end the
# peak memory in kilobytes. Minimises sum of e^2 + lambda (|w_u|^2 + |h_i|^2) over ratings, e = r - mean - w.h
suppressMessages(library(Rcpp))
arguments <- commandArgs(TRUE)
library_folder <- system.file("lib", package = "RcppMLPACK")
Sys.setenv(PKG_LIBS = sprintf("-L%s -lRcppMLPACK -Wl,-rpath,%s -llapack -lblas", library_folder, library_folder))
sourceCpp(code = '
// [[Rcpp::depends(RcppMLPACK)]]
#include <RcppMLPACK.h>
namespace mlpack {
struct Timer {  // which its header calls, and the package leaves out
  static void Start(const char*) {}
  static void Stop(const char*) {}
};
}
#include <mlpack/methods/regularized_svd/regularized_svd.hpp>
// [[Rcpp::export]]
Rcpp::List factorize(const arma::mat& ratings, int rank, int epochs, double rate, double lambda) {
  arma::mat w, h;
  mlpack::svd::RegularizedSVD<> svd(ratings, w, h, rank, epochs, rate, lambda);
  return Rcpp::List::create(w, h);
}')
read <- function(path) matrix(readBin(path, "double", file.size(path) / 8), nrow = 3)
train <- read(arguments[1])
test <- read(arguments[2])
mean_rating <- mean(train[3, ])
train[3, ] <- train[3, ] - mean_rating
for (epochs in as.integer(arguments[-(1:5)])) {
  seconds <- system.time(
    factors <- factorize(train, as.integer(arguments[3]), epochs, as.numeric(arguments[5]), as.numeric(arguments[4]))
  )[["elapsed"]]
  predicted <- mean_rating + colSums(factors[[1]][, test[1, ] + 1] * factors[[2]][, test[2, ] + 1])
  cat(epochs, seconds, sqrt(mean((predicted - test[3, ])^2)), "\n")
}
status <- readLines("/proc/self/status")
cat(gsub("[^0-9]", "", grep("VmHWM", status, value = TRUE)), "\n")
