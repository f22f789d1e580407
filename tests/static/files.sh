# Sourced: the sources of the project, those that are not committed yet included.
sources() {  # sources PATTERN...
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard -- "$@"
  else
    local patterns=() p
    for p in "$@"; do patterns+=(-o -name "$p"); done
    find coordinator scheduler worker apps tests -type f \( "${patterns[@]:1}" \) | sort
  fi | while read -r file; do [[ -f $file ]] && echo "$file"; done
}
