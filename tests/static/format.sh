#!/usr/bin/env bash
# Shows where a source differs from what clang-format makes of it. `--fix` formats it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/static/files.sh
mapfile -t files < <(sources '*.h' '*.cc')
if [[ ${1:-} == --fix ]]; then
  clang-format -i "${files[@]}"
elif clang-format --dry-run -Werror "${files[@]}"; then
  echo "format: ${#files[@]} files are as clang-format makes them"
else
  echo "format: tests/static/format.sh --fix formats them"
  exit 1
fi
