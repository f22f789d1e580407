# What ./run and ./check have in common: sourced by them, in the root of the repository.

# The one list of what strads needs of Debian: to build it, and to test it.
packages_to_build=(
  g++ cmake ninja-build pkg-config
  libzmq3-dev cppzmq-dev libmsgpack-cxx-dev libeigen3-dev libgflags-dev libgoogle-glog-dev
  zlib1g-dev liblzma-dev libzstd-dev nlohmann-json3-dev libfast-float-dev
)
packages_to_test=(libgtest-dev libgmock-dev python3 xz-utils clang-format clang-tidy)

say() { printf '\n== %s\n' "$*"; }

fail() {
  printf '%s: error: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# install_packages NAME...: installs those that are missing and asks nothing.
install_packages() {
  command -v dpkg-query >/dev/null ||
    fail "this is no Debian: install what stands for these packages and build with cmake: $*"
  local missing=() package
  for package in "$@"; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null |
      grep -qx installed || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "Installing missing Debian packages: ${missing[*]}"
  local as_root=(env DEBIAN_FRONTEND=noninteractive)
  if (($(id -u) != 0)); then
    command -v sudo >/dev/null ||
      fail "neither root nor sudo here; have someone run: apt-get install ${missing[*]}"
    as_root=(sudo "${as_root[@]}")
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -qq --yes --no-install-recommends "${missing[@]}" >/dev/null
}

# build FOLDER "TARGET ..." CMAKE_ARGUMENT...: configures (again) and builds, on all cores.
build() {
  local folder=$1 targets
  read -ra targets <<<"$2"
  shift 2
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  local generator=()
  [[ -f $folder/CMakeCache.txt ]] || generator=(-G Ninja)  # someone's own build folder stays as it is
  mkdir -p "$folder"
  cmake -S . -B "$folder" "${generator[@]}" "${launcher[@]}" "$@" >"$folder/configure.log" 2>&1 || {
    cat "$folder/configure.log" >&2
    fail "cmake could not configure $folder"
  }
  cmake --build "$folder" --target "${targets[@]}" --parallel "$(nproc)"
}
