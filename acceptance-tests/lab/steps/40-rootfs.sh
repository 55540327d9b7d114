# Image file systems from Debian packages and from single programs, and their import as images.

work=$LAB_HOME/work

# What each Debian system has beyond the base.
node_packages=(systemd conntrack iptables nftables iproute2 ethtool util-linux mount kmod libseccomp2 pigz e2fsprogs bash
	ca-certificates curl jq procps containerd runc containernetworking-plugins hostname socat)
proxy_packages=(iptables conntrack kmod)
argocd_packages=(git git-lfs openssh-client gnupg tini ca-certificates)
donor_packages=(redis-server redis-tools docker-registry)
busybox_packages=(busybox-static)

# base_system PACKAGE…: a minimal Debian with these packages, without caches and manuals, made in $work/base. debootstrap
# mounts what it needs where nobody else sees it, and where it goes when debootstrap is killed.
base_system() {
	local dir=$work/base/$(digest "$DEBIAN_SUITE" "$@")
	[ ! -d "$dir" ] || return 0
	rm -rf "$dir.part"
	mkdir -p "$work/base" "$work/packages"
	unshare --mount debootstrap --variant=minbase --cache-dir="$work/packages" --include="$(IFS=,; echo "$*")" "$DEBIAN_SUITE" "$dir.part"
	rm -rf "$dir.part"/var/cache/apt/* "$dir.part"/var/lib/apt/lists/* "$dir.part"/usr/share/{doc,man,locale,info}
	mv "$dir.part" "$dir"
}
# base_systems: all of them ahead of time, while programs are compiled. Where the images are made, none is needed.
base_systems() {
	[ -e "$LAB_HOME/stamps/git_base" ] || step make_base_systems "Debian base systems"
}
make_base_systems() {
	base_system "${node_packages[@]}"
	base_system "${proxy_packages[@]}"
	base_system "${argocd_packages[@]}"
	base_system "${donor_packages[@]}"
	base_system "${busybox_packages[@]}"
	base_system "${git_packages[@]}"
}
# rootfs DIR PACKAGE…: DIR becomes such a system.
rootfs() {
	local root=$1
	shift
	base_system "$@"
	rm -rf "$root"
	mv "$work/base/$(digest "$DEBIAN_SUITE" "$@")" "$root"
}
# slim DIR: takes out of such a system what no program of its image needs: 2,300 of 4,100 files, and 4,500 of 7,200 where
# git has brought Perl. Each node unpacks or copies all files of its images, and to make a file costs more than to fill it.
slim() {
	rm -rf "$1"/usr/share/{zoneinfo/right,zoneinfo/posix,perl,perl5,bash-completion,lintian} \
		"$1"/usr/lib/*-linux-gnu/{gconv,perl,perl-base} "$1"/var/lib/dpkg/info
}
# tiny DIR DONOR FILE…: a root file system of these files of DONOR (a rootfs, or / for static programs) and the
# libraries they load.
tiny() {
	local dir=$1 donor=${2%/} file library
	shift 2
	rm -rf "$dir"
	mkdir -p "$dir"/{tmp,data,etc,usr/local/bin}
	chmod 1777 "$dir/tmp" "$dir/data"
	for file in "$@"; do
		cp -L "$donor$file" "$dir/usr/local/bin/"
		[ -n "$donor" ] || continue
		for library in $(chroot "$donor" ldd "$file" | grep -oE '/[^ )]+'); do
			mkdir -p "$dir$(dirname "$library")" && cp -L "$donor$library" "$dir$library"
		done
	done
}
# image NAME DIR CHANGE…: imports DIR as image NAME; each CHANGE is a Dockerfile instruction.
image() {
	local name=$1 dir=$2 changes=() change
	shift 2
	for change in "$@"; do changes+=(--change "$change"); done
	echo "importing $name"
	tar -C "$dir" --numeric-owner -c . |
		docker import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "${changes[@]}" - "$name"
}
