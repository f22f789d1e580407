#!/usr/bin/env bash
# Installs what the benchmarks compare with.
set -euo pipefail
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends python3-sklearn python3-gensim r-cran-glmnet liblinear-tools libopenblas0-pthread \
  g++ r-cran-rcppmlpack r-cran-rcpparmadillo
