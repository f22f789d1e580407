#!/usr/bin/env bash
# consumer_test.sh CMAKE BUILD_FOLDER WORK_FOLDER COMPILER: installs strads below WORK_FOLDER, builds
# consumer/ against what was installed, and runs it.
set -euo pipefail
cmake=$1 build=$2 work=$3 compiler=$4
consumer=$(realpath "$(dirname "${BASH_SOURCE[0]}")/consumer")

fail() {
  echo "$*" >&2
  exit 1
}

rm -rf "$work"
mkdir -p "$work"
"$cmake" --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix" # a package that has moved is still one
if grep -rIl -e "$build" -e "$(realpath "$consumer/../../..")/" "$work/prefix"; then
  fail "these installed files name folders of the build"
fi
"$cmake" -S "$consumer" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER="$compiler" >"$work/configure.log" ||
  { cat "$work/configure.log"; fail "find_package(Strads) does not work"; }
grep -q "Strads_DIR:PATH=$work/prefix/" "$work/build/CMakeCache.txt" || fail "another Strads was found"
"$cmake" --build "$work/build" >"$work/build.log" || { cat "$work/build.log"; fail "consumer does not build"; }

cd "$work"
printf '%s\n' '1 1:1' '2 1:1' '6 1:1' >data.libsvm
for flags in --workers=2 '--workers=2 --processes --schedulers=1'; do
  # shellcheck disable=SC2086
  build/mean --data=data.libsvm $flags --model=model.json --noprogress >out.txt
  # 1/2 ((1-3)^2 + (2-3)^2 + (6-3)^2) = 7
  grep -Eq '^ *termination +Converged$' out.txt || { cat out.txt; fail "mean $flags did not converge"; }
  grep -Eq '^ *objective +7$' out.txt || { cat out.txt; fail "mean $flags: expected objective 7"; }
  grep -Eq '"mean": *3(\.0)?[ ,}]*$' model.json || { cat model.json; fail "mean $flags: expected mean 3"; }
done
code=0
build/mean --dta=data.libsvm 2>err.txt || code=$?
[[ $code == 2 ]] || fail "an unknown flag must exit with 2, not $code"
"$work/prefix/bin/strads" --version
