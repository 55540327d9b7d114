# Debian packages on this machine, only where the lab builds. What it added is written down; `lab clean` removes it.

host_packages=(docker.io containerd runc iptables iproute2 jq debootstrap git ca-certificates curl procps)
host_programs=(docker dockerd containerd runc iptables jq debootstrap git curl pkill)

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
