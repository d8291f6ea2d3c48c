# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A private apt: own lists, state and cache below CACHE/apt, so that packages of other suites and of arm64 can be
# had without touching the machine's set-up and without root. The mirror is the one the machine's own apt uses.
# To be sourced after lib.sh. With APT_SUITE and APT_ARCH, set before the first call, it has these suites alone.

APT_DIR=$CACHE/apt
DEBS=$CACHE/debs

# Prints "URI CODENAME" of the machine's Debian mirror.
machine_mirror()
{
    # the release file's origin is known only after an update; the component and the suite's name always are
    apt-get indextargets --format "\$(CREATED_BY) \$(COMPONENT) \$(REPO_URI) \$(RELEASE)" 2>/dev/null |
        awk -v want="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" \
            '$1 == "Packages" && $2 == "main" && $4 == want { print $3, $4; exit }'
}

private_apt_config()
{
    local mirror uri codename suite keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    have apt-get || die "apt-get is not here: only Debian 12 or newer is supported as the build machine"
    mirror=$(machine_mirror)
    [[ -n $mirror ]] || die "the machine's apt knows no Debian mirror for its own release" \
        "Put one into /etc/apt/sources.list.d/ (a deb line with the component main)."
    read -r uri codename <<<"$mirror"
    [[ -f $keyring ]] || die "'$keyring' is missing" "Run: apt-get install debian-archive-keyring"
    APT_CODENAME=$codename
    mkdir -p "$APT_DIR/none.d" "$APT_DIR/lists/partial" "$APT_DIR/cache/archives/partial" "$DEBS"
    : >"$APT_DIR/status"
    if [[ -n ${APT_SUITE:-} ]]; then
        for suite in $APT_SUITE; do
            echo "deb [signed-by=$keyring] $uri $suite main"
        done >"$APT_DIR/sources.list"
    else {
        echo "deb [signed-by=$keyring] $uri $codename main"
        echo "deb [signed-by=$keyring] $uri $codename-backports main"
        [[ $codename == trixie ]] || echo "deb [signed-by=$keyring] $uri trixie-backports main"
        echo "deb-src [signed-by=$keyring] $uri sid main"
    } >"$APT_DIR/sources.list"; fi
    # one architecture alone: packages for all architectures are in its index as well
    cat >"$APT_DIR/apt.conf" <<EOF
Dir::Etc::sourcelist "$APT_DIR/sources.list";
Dir::Etc::sourceparts "$APT_DIR/none.d";
Dir::Etc::preferences "$APT_DIR/none";
Dir::Etc::preferencesparts "$APT_DIR/none.d";
Dir::State "$APT_DIR";
Dir::State::lists "$APT_DIR/lists";
Dir::State::status "$APT_DIR/status";
Dir::Cache "$APT_DIR/cache";
APT::Architecture "${APT_ARCH:-arm64}";
APT::Architectures { "${APT_ARCH:-arm64}"; };
APT::Sandbox::User "";
APT::Get::AllowUnauthenticated "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
EOF
}

private_apt() { APT_CONFIG=$APT_DIR/apt.conf "$@"; }

# Fetch the lists, at most once in a run and not again within six hours.
private_apt_update()
{
    [[ -z ${APT_UPDATED:-} ]] || return 0
    private_apt_config
    local fresh
    fresh=$(find "$APT_DIR/updated" -mmin -360 2>/dev/null) || fresh=
    if [[ -z $fresh ]] || ! cmp -s "$APT_DIR/sources.list" "$APT_DIR/sources.list.used"; then
        rm -f "$APT_DIR/updated"
        # apt-get update only warns when a mirror cannot be reached; Error-Mode makes it fail
        if ! private_apt apt-get -o APT::Update::Error-Mode=any -qq update >"$APT_DIR/update.log" 2>&1; then
            sed 's/^/  | /' "$APT_DIR/update.log" >&2
            return 1
        fi
        cp "$APT_DIR/sources.list" "$APT_DIR/sources.list.used"
        touch "$APT_DIR/updated"
    fi
    APT_UPDATED=1
}

# first_known NAME...: the first name that is a package; releases name some libraries differently.
first_known()
{
    local name
    [[ -f $APT_DIR/names && $APT_DIR/names -nt $APT_DIR/updated ]] ||
        private_apt apt-cache pkgnames >"$APT_DIR/names"
    for name in "$@"; do
        if grep -qxF -e "$name" "$APT_DIR/names"; then
            echo "$name"
            return
        fi
    done
    return 1
}

# download_debs DIR NAME[/SUITE]...: into DIR, all or nothing.
download_debs()
{
    local dir=$1 part
    shift
    part=$dir.part
    rm -rf "$part"
    mkdir -p "$part"
    (cd "$part" && private_apt apt-get -qq download "$@") || return 1
    rm -rf "$dir"
    mv "$part" "$dir"
}
