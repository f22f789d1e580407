#!/usr/bin/env bash
# run_commands.sh PYTHON WORK_FOLDER BUILD_FOLDER PATH PAGE...: runs the commands of the pages, those of
# each page in a folder below WORK_FOLDER that looks like the root of the repository.
set -euo pipefail
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
python=$1 work=$2 build=$3 programs=$4
shift 4
ran=0
for page in "$@"; do
  script=$("$python" "$(dirname "${BASH_SOURCE[0]}")/code_blocks.py" commands "$page")
  [[ $script == *$'\n'* ]] || continue # has no commands
  ran=$((ran + 1))
  folder=$work/$(basename "$page" .md)
  rm -rf "$folder"
  mkdir -p "$folder"
  ln -s "$root/apps" "$root/configs" "$folder"
  ln -s "$build" "$folder/build"
  (cd "$folder" && PATH=$programs:$PATH bash -c "$script" 2>&1) || {
    echo "$page: a command failed" >&2
    exit 1
  }
done
((ran)) || { echo "no page has a block of \`\`\`sh run" >&2; exit 1; }
