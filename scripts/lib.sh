# shellcheck shell=sh
# Shell functions for the scripts beside this file: the build's cache, locks,
# and Debian packages without root. Source it, do not run it. POSIX sh.

# cache is where everything fetched or built for the build and its tests lives.
# It is outside of the checkout and can be deleted at any time.
cache=${DEKHO_BUILD_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set: set DEKHO_BUILD_CACHE to a directory}/.cache}/dekho-build}

# mirror is used for packages that the releases configured on this machine do
# not have.
mirror=${DEKHO_DEBIAN_MIRROR:-http://deb.debian.org}

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# lock NAME: holds a lock until the script ends. Whoever comes second waits and
# then finds the work done.
lock() {
    mkdir -p "$cache/locks" || die "cannot write to $cache: set DEKHO_BUILD_CACHE to a directory that can be written"
    have flock || die "flock is missing: install the package util-linux"
    exec 9>"$cache/locks/$1"
    if ! flock -n 9; then
        say "waiting for another run that fetches $1"
        flock 9
    fi
}

# scratch: a temporary directory in the cache, removed when the script ends, so
# that a finished result can be renamed into place.
scratch() {
    mkdir -p "$cache/tmp"
    # What a killed run left behind, once nobody can be using it any more.
    find "$cache/tmp" -mindepth 1 -maxdepth 1 -mtime +1 -exec rm -rf {} +
    tmp=$(mktemp -d "$cache/tmp/XXXXXX")
    trap 'rm -rf "$tmp"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

native_arch() { dpkg --print-architecture; }

# need COMMAND PACKAGE...: makes sure that the command exists. Root gets the
# packages installed, anybody else is told which they are.
need() {
    command=$1
    shift
    if have "$command"; then return; fi
    if [ "$(id -u)" = 0 ] && have apt-get; then
        say "installing $* for $command"
        # A failing update may still leave lists that do (one suite of several
        # missing, for example).
        if ! DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >&2; then
            apt-get update -qq >&2 || say "warning: apt-get update had errors, going on with the lists it got"
            DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >&2 ||
                die "cannot install $*: see above"
        fi
        have "$command" || die "installed $*, but there is still no command $command"
        return
    fi
    die "$command is missing. Install it and try again:  apt-get install $*"
}

# apt_private NAME ARCH: makes $cache/apt/NAME-ARCH a state of apt's own, so
# that lists can be fetched without root, for architectures that dpkg does not
# know here, and without touching the system. Sets $apt to the directory.
apt_private() {
    apt=$cache/apt/$1-$2
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
    : >"$apt/status"
    {
        # Proxies and the like stay as the system has them; its hooks are not
        # meant for us, and neither is what only a desktop reads.
        printf '#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n#clear APT::Architectures;\n'
        printf 'APT::Architecture "%s";\nAPT::Architectures { "%s"; };\n' "$2" "$2"
        printf 'Dir::State "%s";\nDir::State::lists "%s/lists";\nDir::State::status "%s/status";\n' "$apt" "$apt" "$apt"
        printf 'Dir::Cache "%s/cache";\nAcquire::Languages "none";\n' "$apt"
        for target in DEP-11 DEP-11-icons-small DEP-11-icons DEP-11-icons-large DEP-11-icons-hidpi DEP-11-icons-large-hidpi Contents-deb; do
            printf 'Acquire::IndexTargets::deb::%s::DefaultEnabled "false";\n' "$target"
        done
        if [ "$1" = debian ]; then
            printf 'Dir::Etc::SourceList "%s/sources.list";\nDir::Etc::SourceParts "%s/parts";\n' "$apt" "$apt"
        fi
    } >"$apt/apt.conf"
    if [ "$1" = debian ]; then
        signed=
        if [ -r /usr/share/keyrings/debian-archive-keyring.gpg ]; then
            signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] '
        fi
        for suite in bookworm bookworm-updates bookworm-backports trixie trixie-updates; do
            printf 'deb %s%s/debian %s main\n' "$signed" "$mirror" "$suite"
        done >"$apt/sources.list"
        for suite in bookworm-security trixie-security; do
            printf 'deb %s%s/debian-security %s main\n' "$signed" "$mirror" "$suite"
        done >>"$apt/sources.list"
    fi
}

# apt_get ARGUMENTS: apt-get on the private state. Downloads as root are not
# handed to the user _apt, who cannot write to a cache below a home directory.
apt_get() { apt-get -q -q -c "$apt/apt.conf" -o APT::Sandbox::User=root "$@"; }

# download PACKAGE ARCH: puts the .deb of a package into $tmp and sets $deb.
# Asked in this order: the lists of the system; the sources of the system with
# lists of our own; Debian's own releases.
download() {
    have apt-get || die "apt-get is missing, and $1 comes as a Debian package. On a machine without apt, unpack a kernel tree yourself and pass TREE=directory"
    mkdir -p "$tmp/deb"
    errors=$tmp/errors
    : >"$errors"
    if [ "$2" = "$(native_arch)" ]; then
        say "downloading $1"
        (cd "$tmp/deb" && apt-get -q -q -o APT::Sandbox::User=root download "$1") >>"$errors" 2>&1 && found_deb && return
    fi
    for state in host debian; do
        apt_private "$state" "$2"
        # Lists of an earlier run name versions that the mirror may have
        # dropped: then fetch them anew.
        if [ -e "$apt/fetched" ] && (cd "$tmp/deb" && apt_get download "$1") >>"$errors" 2>&1 && found_deb; then return; fi
        case $state in
        host) say "fetching package lists for $2" ;;
        debian) say "not in the releases configured here: fetching lists of Debian's other releases for $2" ;;
        esac
        apt_get update >>"$errors" 2>&1 || say "warning: some package lists could not be fetched"
        : >"$apt/fetched"
        say "downloading $1 ($2)"
        (cd "$tmp/deb" && apt_get download "$1") >>"$errors" 2>&1 && found_deb && return
    done
    sed 's/^/  /' "$errors" | tail -n 12 >&2
    die "cannot download the package $1 for $2. Is the machine online, and is the name right?"
}

found_deb() {
    for deb in "$tmp"/deb/*.deb; do [ -e "$deb" ] && return 0; done
    return 1
}

# stamp FORMAT: what a result in the cache was made of. A different FORMAT
# makes an older result be fetched again.
stamp() {
    printf 'format %s\npackage %s\narchitecture %s\nversion %s\nsha256 %s\n' "$1" \
        "$(dpkg-deb -f "$deb" Package)" "$(dpkg-deb -f "$deb" Architecture)" "$(dpkg-deb -f "$deb" Version)" \
        "$(sha256sum "$deb" | cut -d ' ' -f 1)"
}

# current DIRECTORY FORMAT: whether a finished result of this format is there.
current() { [ -r "$1/stamp" ] && [ "$(head -n 1 "$1/stamp")" = "format $2" ]; }

# publish FROM TO: renames a finished directory into place; an older one is
# replaced.
publish() {
    mkdir -p "$(dirname "$2")"
    if [ -e "$2" ]; then mv "$2" "$tmp/old"; fi
    mv "$1" "$2"
}
