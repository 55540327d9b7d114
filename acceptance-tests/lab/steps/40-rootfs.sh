# Image file systems from Debian packages and from single programs, and their import as images.

work=$LAB_HOME/work

# rootfs DIR PACKAGES: a minimal Debian with these packages, without caches and manuals.
rootfs() {
	rm -rf "$1"
	mkdir -p "$work/packages"
	debootstrap --variant=minbase --cache-dir="$work/packages" --include="$2" "$DEBIAN_SUITE" "$1"
	rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/usr/share/{doc,man,locale,info}
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
