# Debian packages on this machine, only where the lab builds. What it added is written down; `lab clean` removes it.

host_packages=(docker.io containerd runc iptables iproute2 jq debootstrap git openssh-client ca-certificates curl procps)
host_programs=(docker dockerd containerd runc iptables jq debootstrap git ssh-keygen curl pkill)
# Of these, those that are needed beside an engine that pulls official images.
beside_packages=(jq git openssh-client)
beside_programs=(jq git ssh-keygen)

# installs: whether Debian packages can be.
installs() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
# check [PROGRAM…]: these, and those without which nothing works, before anything else is done. git and jq are installed where packages can be.
check() {
	local programs=("$@" go)
	installs || programs+=(git jq)
	! { ! official && [ "$(id -u)" = 0 ] && [ ! -x "$bin/pause" ]; } || programs+=(gcc)
	needs "${programs[@]}"
}
# room_to_build: before minutes of compiling end with a full disk. What is there already needs no more.
room_to_build() {
	local free
	[ ! -e "$LAB_HOME/stamps/node_image" ] || return 0
	free=$(df -Pm "$LAB_HOME" | awk 'NR == 2 {print $4}')
	[ "$free" -ge $((disk_building * 1024)) ] || fail "$((free / 1024)) GiB are free for $LAB_HOME; building takes up to $disk_building" \
		"Make room, or name another place: LAB_HOME=/where/there/is/room"
}
# need_root: before anything is built; without root the question whether images can be pulled stays open.
need_root() {
	[ "$(id -u)" != 0 ] || return 0
	rm -f "$LAB_HOME/images"
	fail "official images cannot be pulled, and building them needs root" \
		"Why they cannot be pulled is at the end of $LAB_HOME/logs/choose_images.log"
}
packages() {
	local program missing=()
	for program in "${host_programs[@]}"; do command -v "$program" >/dev/null || missing+=("$program"); done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || {
		echo "missing: ${missing[*]}, and this is no Debian"
		return 1
	}
	local before after archives=$LAB_HOME/apt
	mkdir -p "$archives/partial"
	before=$(dpkg-query -W -f '${Package}\n' | sort)
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o Dir::Cache::archives="$archives" "${host_packages[@]}"
	after=$(dpkg-query -W -f '${Package}\n' | sort)
	comm -13 <(echo "$before") <(echo "$after") >>"$LAB_HOME/packages-added"
	rm -rf "$archives"
}
