#!/usr/bin/env bash
# run_commands.sh PYTHON WORK_FOLDER PATH PAGE...: runs the commands of the pages, those of each page
# in an empty folder below WORK_FOLDER.
set -euo pipefail
python=$1 work=$2 programs=$3
shift 3
ran=0
for page in "$@"; do
  script=$("$python" "$(dirname "${BASH_SOURCE[0]}")/code_blocks.py" commands "$page")
  [[ $script == *$'\n'* ]] || continue # has no commands
  ran=$((ran + 1))
  folder=$work/$(basename "$page" .md)
  rm -rf "$folder"
  mkdir -p "$folder"
  (cd "$folder" && PATH=$programs:$PATH bash -c "$script" 2>&1) || {
    echo "$page: a command failed" >&2
    exit 1
  }
done
((ran)) || { echo "no page has a block of \`\`\`sh run" >&2; exit 1; }
