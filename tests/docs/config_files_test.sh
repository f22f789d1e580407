#!/usr/bin/env bash
# config_files_test.sh STRADS CONFIG...: strads accepts every config file, knows its values, and finds
# the data it names from the root of the repository.
set -euo pipefail
strads=$1
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for config in "$@"; do
  # The app and the command, from the comment that says how to run it.
  words=$(sed -n 's/^# *strads \([a-z]* [a-z]*\) --config=.*'"$(basename "$config")"'.*/\1/p' "$config" | head -1)
  [[ -n $words ]] || { echo "$config: does not say how to run it"; exit 1; }
  # shellcheck disable=SC2086
  values=$("$strads" $words --config="$config" --print_config)
  while IFS='= ' read -r name value _; do
    case $value in 1e-* | '') continue ;; esac # printed in another way
    grep -qxF "$name = $value" <<<"$values" || { echo "$config: $name = $value is not in force"; exit 1; }
  done < <(grep -Ev '^ *(#|$)' "$config")
  data=$(sed -n 's/^data = //p' <<<"$values")
  [[ -f $data ]] || { echo "$config: its data, '$data', are not there"; exit 1; }
done
[[ $# -gt 0 ]]
