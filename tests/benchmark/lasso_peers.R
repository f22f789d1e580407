# Rscript lasso_peers.R FOLDER LAMBDA STEPS FAMILY: glmnet on the matrix that lasso_peers.py has left in FOLDER, to
# a ladder of thresholds, at LAMBDA alone or as the last of STEPS lambdas down from lambda_max. Prints the
# seconds of each rung, and in the end the peak memory in kilobytes, and writes the coefficients.
suppressMessages(library(glmnet))
arguments <- commandArgs(TRUE)
folder <- arguments[1]
read <- function(name, what, size = 8) {
  path <- file.path(folder, name)
  readBin(path, what, file.size(path) / size, size = size)
}
shape <- read("shape", "integer", 4)
y <- read("y", "double")
values <- read("values", "double")
if (file.exists(file.path(folder, "rows"))) {
  x <- new("dgCMatrix", i = read("rows", "integer", 4), p = read("starts", "integer", 4), x = values, Dim = shape)
} else {
  x <- matrix(values, shape[1], shape[2])
}
n <- shape[1]
lambda <- as.numeric(arguments[2]) / n
steps <- as.integer(arguments[3])
family <- arguments[4]
slopes <- as.numeric(crossprod(x, y)) / if (family == "binomial") 2 else 1
lambdas <- if (steps == 1) lambda else exp(seq(log(max(abs(slopes)) / n), log(lambda), length.out = steps))
for (k in seq(4, 14)) {
  start <- proc.time()[["elapsed"]]
  fit <- glmnet(x, y, family = family, lambda = lambdas, intercept = FALSE, standardize = FALSE, thresh = 10^-k, maxit = 1e7)
  seconds <- proc.time()[["elapsed"]] - start
  b <- fit$beta[, ncol(fit$beta)]
  writeBin(as.numeric(b), file.path(folder, paste0("b", k)))
  cat(k, seconds, "\n")
  if (seconds > 60) break
}
status <- readLines("/proc/self/status")
cat(gsub("[^0-9]", "", grep("VmHWM", status, value = TRUE)), "\n")
