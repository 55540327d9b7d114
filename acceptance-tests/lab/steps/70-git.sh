# The Git server: smart HTTP with a password, and ssh, in a container on kind's network. Its address is the same for
# this machine and for pods, and stays: repositories, keys and password live in the volume of the same name.

git_server=gitops-lab-git
git_packages=(git openssh-server lighttpd)

git_base() {
	rootfs "$work/git" "${git_packages[@]}"
	image gitops-lab/git-base:latest "$work/git"
	rm -rf "$work/git"
}
git_image() {
	local base=gitops-lab/git-base:latest
	! official || base=$OFFICIAL_DEBIAN_IMAGE
	docker build --build-arg "BASE=$base" --build-arg "PACKAGES=${git_packages[*]}" -t $git_server:latest "$here/git"
}

# address_in SUBNET: one near its end, where the engine's own choices, which start at the beginning, never come.
address_in() {
	local base=${1%/*} bits=${1#*/} a b c d number
	IFS=. read -r a b c d <<<"$base"
	number=$(((a << 24 | b << 16 | c << 8 | d) + (1 << (32 - bits)) - 6))
	echo "$((number >> 24 & 255)).$((number >> 16 & 255)).$((number >> 8 & 255)).$((number & 255))"
}
git_address() { docker inspect -f '{{.NetworkSettings.Networks.kind.IPAddress}}' $git_server; }
git_up() {
	local subnet address try
	if ! docker start $git_server 2>/dev/null; then
		subnet=$(docker network inspect -f '{{range .IPAM.Config}}{{println .Subnet}}{{end}}' kind | grep -m1 -F .)
		for address in "--ip=$(address_in "$subnet")" ""; do # a network that somebody else made may refuse a chosen address
			docker rm -f $git_server 2>/dev/null || true
			! docker run -d --name $git_server --hostname $git_server --restart unless-stopped --network kind $address \
				-v $git_server:/srv/git $git_server:latest || break
		done
	fi
	for try in $(seq 50); do
		! docker exec $git_server test -s /srv/git/.lab/ready || break
		[ "$try" -lt 50 ] || {
			docker logs --tail 10 $git_server
			return 1
		}
		sleep 0.1
	done
	address=$(git_address)
	(umask 077 && mkdir -p "$LAB_HOME/git" && touch "$LAB_HOME"/git/{password,id_ed25519})
	docker exec $git_server cat /srv/git/.lab/password >"$LAB_HOME/git/password"
	docker exec $git_server cat /srv/git/.lab/id_ed25519 >"$LAB_HOME/git/id_ed25519"
	echo "$address $(docker exec $git_server cat /srv/git/.lab/host_key.pub)" >"$LAB_HOME/git/known_hosts"
	if answers "$address" 80 && answers "$address" 22; then
		echo "$address" >"$LAB_HOME/git/address"
		return 0
	fi
	docker logs --tail 5 $git_server
	echo "no answer from $address, ports 80 and 22: this engine's containers cannot be reached by their addresses"
	echo "(rootless engines and Docker Desktop hide them; an ordinary Linux engine does not)"
	return 1
}
start_git() {
	local image running
	image=$(docker image inspect -f '{{.Id}}' $git_server:latest)
	running=$(docker inspect -f '{{.State.Running}} {{.Image}}' $git_server 2>/dev/null || true)
	[ "$running" != "true $image" ] || [ "$(git_address)" != "$(cat "$LAB_HOME/git/address" 2>/dev/null)" ] || return 0
	[ "${running#* }" = "$image" ] || docker rm -f $git_server >/dev/null 2>&1 || true
	step git_up "Git server"
}
repository_name() {
	[[ $1 =~ ^[a-z0-9][a-z0-9._/-]*$ && $1 != *..* ]] || fail "'$1' is no repository name" "Lower case letters, digits, dots, dashes and slashes."
}
# git_seed NAME DIR: repository NAME.git with DIR as its only commit on main; pushing again over the same name
# replaces what was there.
git_seed() {
	local name=$1 dir=$2 scratch
	repository_name "$name"
	dir=$(cd "$dir" 2>/dev/null && pwd) || fail "there is no directory $2"
	docker exec -u git $git_server git init -q --bare "/srv/git/$name.git" || fail "the Git server does not answer" "lab git starts it."
	scratch=$(mktemp -d "$LAB_HOME/seed.XXXXXX")
	(
		trap 'rm -rf "$scratch"' EXIT
		export GIT_DIR=$scratch/git GIT_WORK_TREE=$dir GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
		export GIT_AUTHOR_NAME=lab GIT_AUTHOR_EMAIL=lab@localhost GIT_COMMITTER_NAME=lab GIT_COMMITTER_EMAIL=lab@localhost
		export LAB_GIT_PASSWORD=$(cat "$LAB_HOME/git/password")
		git init -q -b main "$scratch/git"
		git -C "$dir" add --all --force .
		git -C "$dir" commit -q --allow-empty -m "seed: $name"
		git -c credential.helper= -c credential.helper='!f() { echo username=git; echo "password=$LAB_GIT_PASSWORD"; }; f' \
			push -q --force "http://$(cat "$LAB_HOME/git/address")/$name.git" main
	) || fail "seeding $name failed"
	echo "http://$(cat "$LAB_HOME/git/address")/$name.git"
}
# git_url NAME: the address of a repository that has been seeded.
git_url() {
	[ -s "$LAB_HOME/git/address" ] && docker exec -u git $git_server git -C "/srv/git/$1.git" rev-parse -q --verify main >/dev/null 2>&1 || return 1
	echo "http://$(cat "$LAB_HOME/git/address")/$1.git"
}
# git_drop NAME: the repository goes, if it is there.
git_drop() {
	repository_name "$1"
	docker exec -u git $git_server rm -rf "/srv/git/$1.git"
}
