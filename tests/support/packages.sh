# shellcheck shell=bash
# For the scripts that start from a bare Debian 12: need_packages NAME... installs what is missing.

missing_packages() {
    local name
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2> /dev/null | grep -q 'ok installed' || echo "$name"
    done
}

need_packages() {
    local missing as_root=()
    if ! command -v dpkg-query > /dev/null; then
        echo "Not a Debian system: please see that these are installed: $*"
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo > /dev/null; then
            echo "Missing, and neither root nor sudo to install them: ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "Installing: ${missing[*]}"
    "${as_root[@]}" apt-get -qq update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq -y install --no-install-recommends "${missing[@]}" > /dev/null
}

# The compiler, and what libthread and lwpinspect are made of.
# shellcheck disable=SC2034  # used by the scripts that read this file
build_packages=(gcc g++ cmake ninja-build pkg-config libcli11-dev nlohmann-json3-dev libfmt-dev
    libunwind-dev libelf-dev libdw-dev libncurses-dev)

# Options for cmake to configure with: ninja and ccache where there are any.
generator=()
choose_generator() {
    if command -v ninja > /dev/null; then
        # shellcheck disable=SC2034
        generator=(-G Ninja)
    fi
    if command -v ccache > /dev/null; then
        export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
    fi
}
