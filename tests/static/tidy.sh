#!/usr/bin/env bash
# tidy.sh BUILD_FOLDER [FILE...]: shows what clang-tidy finds in the product code (or in FILE),
# compiled as in BUILD_FOLDER. Files that passed before, with the same includes, are not read again.
set -euo pipefail
build=$(realpath "${1:?tidy.sh BUILD_FOLDER [FILE...]}")
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/static/files.sh
files=("$@")
((${#files[@]})) || mapfile -t files < <(sources '*.cc' | grep -v '^tests/')
export build passed="$build/tidy-passed"
mkdir -p "$passed"

tidy_one() {
  local file=$1 mark=$passed/${1//\//-}
  local headers=".clang-tidy $file"
  if [[ -f $mark ]]; then
    # shellcheck disable=SC2046
    headers+=" $(find coordinator scheduler worker apps -name '*.h' -newer "$mark" -print -quit)"
    [[ -z $(find $headers -newer "$mark" -print -quit) ]] && return 0
  fi
  # Warnings of g++ that clang does not have; -Wconversion of g++ is not about signs.
  if clang-tidy --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option \
    --extra-arg=-Wno-sign-conversion "$file" 2>/dev/null; then
    touch "$mark"
  else
    echo "clang-tidy: $file fails"
    return 1
  fi
}
export -f tidy_one
if printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -I{} bash -c 'tidy_one {}'; then
  echo "clang-tidy: ${#files[@]} files pass"
else
  exit 1
fi
