# What the lab tells others, and how it goes away.

# What the lab may take of the disk, in GiB.
disk_building=20
disk_at_rest=10

summary() {
	say "lab ready: $(cat "$LAB_HOME/images" 2>/dev/null || echo your) images, $(disk), $(duration $SECONDS) of a budget of 20m00s"
}
# disk: how much $LAB_HOME takes, and took at most while something was built, and whether that is too much.
disk() {
	local now peak
	now=$(du -xsm "$LAB_HOME" 2>/dev/null | cut -f1)
	peak=$(sort -n "$LAB_HOME/peak" 2>/dev/null | tail -n 1 || true)
	echo "${now:-0} MiB$(over "${now:-0}" $disk_at_rest) in $LAB_HOME, at most ${peak:-0} MiB$(over "${peak:-0}" $disk_building) while building"
}
over() { [ "$1" -le $(($2 * 1024)) ] || echo " (OVER the $2 GiB it may take)"; }

# environment CLUSTER: for `eval "$(lab env)"`, and for the acceptance tests.
environment() {
	local address
	echo "export LAB_HOME=$LAB_HOME"
	echo "export PATH=$bin:\$PATH"
	client_folders
	[ ! -x "$bin/tofu" ] || echo "export TOFU=$bin/tofu"
	[ ! -s "$LAB_HOME/argocd-files/install.yaml" ] || {
		echo "export ARGOCD_VERSION=$ARGOCD_VERSION"
		echo "export ARGOCD_INSTALL_YAML=$LAB_HOME/argocd-files/install.yaml"
		echo "export ARGOCD_INSTALL_SHA256=$(cat "$LAB_HOME/argocd-files/install.yaml.sha256")"
	}
	if given_kubeconfig; then
		echo "export KUBECONFIG=$KUBECONFIG"
		return
	fi
	[ ! -s "$LAB_HOME/engine" ] || echo "export DOCKER_HOST=$(cat "$LAB_HOME/engine")"
	echo "export KUBECONFIG=$LAB_HOME/kubeconfig-$1"
	echo "export KIND_NODE_IMAGE=$(cluster_image)"
	echo "export KIND_CONFIG=$LAB_HOME/kind-config.yaml"
	echo "export LAB_REGISTRY=$local_registry"
	[ -s "$LAB_HOME/git/address" ] || return 0
	address=$(cat "$LAB_HOME/git/address")
	echo "export LAB_GIT_URL=http://$address"
	echo "export LAB_GIT_SSH_URL=ssh://git@$address"
	echo "export LAB_GIT_USERNAME=git"
	echo "export LAB_GIT_PASSWORD=$(cat "$LAB_HOME/git/password")"
	echo "export LAB_GIT_SSH_KEY=$LAB_HOME/git/id_ed25519"
	echo "export LAB_GIT_KNOWN_HOSTS=$LAB_HOME/git/known_hosts"
}

status() {
	own_environment
	echo "disk      $(disk)"
	echo "images    $(cat "$LAB_HOME/images" 2>/dev/null || echo undecided)"
	if ! docker version >/dev/null 2>&1; then
		echo "engine    none answers at ${DOCKER_HOST:-the default address}"
		return 0
	fi
	echo "engine    $(docker version -f '{{.Server.Version}}') at ${DOCKER_HOST:-the default address}$(own_engine && echo ', started by the lab' || true)"
	echo "clusters  $(kind get clusters 2>/dev/null | paste -sd' ' || true)"
	echo "registry  $(docker inspect -f '{{.State.Status}}' $registry 2>/dev/null || echo none) on $local_registry"
	echo "git       $(docker inspect -f '{{.State.Status}}' $git_server 2>/dev/null || echo none) on http://$(cat "$LAB_HOME/git/address" 2>/dev/null)"
	echo "programs  $(ls "$bin" 2>/dev/null | paste -sd' ')"
}

# clean: everything the lab made, wherever it is; a user's own engine keeps what is the user's.
clean() {
	own_environment
	local name
	if docker version >/dev/null 2>&1; then
		say "removing clusters, containers, volumes and images"
		for name in $(kind get clusters 2>/dev/null || true); do ! made_here "$name" || delete_cluster "$name"; done
		docker rm -f $registry $git_server gitops-lab-prepare >/dev/null 2>&1 || true
		docker volume rm $registry $git_server >/dev/null 2>&1 || true
		docker images --format '{{.Repository}}:{{.Tag}}' | grep -E "^(gitops-lab/|$git_server:|$local_registry/)" | xargs -r docker rmi -f >/dev/null || true
		[ ! -f "$LAB_HOME/network" ] || docker network rm kind >/dev/null 2>&1 || true
	fi
	! own_engine || remove_engine
	[ ! -s "$LAB_HOME/inotify-limit" ] || cat "$LAB_HOME/inotify-limit" >$inotify_limit || true
	remove_packages
	say "removing $LAB_HOME"
	chmod -R u+w "$LAB_HOME" 2>/dev/null || true
	rm -rf "$LAB_HOME"
}
# made_here CLUSTER: it is the lab's, or one that a test made and could not remove.
made_here() { [ -e "$LAB_HOME/kubeconfig-$1" ] || [[ $1 =~ ^gitops-(t-.*|life-[0-9]+|stranger-[0-9]+)$ ]]; }
# remove_engine: the engine itself and what a stopped engine leaves in the kernel.
remove_engine() {
	local table chain mount
	stop_engine
	for mount in $(awk -v home="$LAB_HOME/" -v exec="$own_exec" 'index($2, home) == 1 || index($2, exec) == 1 {print $2}' /proc/mounts | sort -r); do
		umount -l "$mount" || true
	done
	rm -rf "$own_exec" "${own_host#unix://}"
	rmdir "${container_weight%/*}" 2>/dev/null || true
	ip link delete docker0 2>/dev/null || true
	for table in filter nat; do
		for chain in PREROUTING OUTPUT FORWARD; do
			iptables -t $table -S $chain 2>/dev/null | grep -E -- '-j DOCKER|docker0' | sed "s/^-A/iptables -t $table -D/" | sh 2>/dev/null || true
		done
		for chain in $(iptables -t $table -S 2>/dev/null | awk '$1 == "-N" && $2 ~ /^DOCKER/ {print $2}'); do iptables -t $table -F "$chain"; done
		for chain in $(iptables -t $table -S 2>/dev/null | awk '$1 == "-N" && $2 ~ /^DOCKER/ {print $2}'); do iptables -t $table -X "$chain" || true; done
	done
}
remove_packages() {
	[ -s "$LAB_HOME/packages-added" ] || return 0
	say "removing the Debian packages that the lab added"
	xargs apt-get purge -y -qq <"$LAB_HOME/packages-added" >/dev/null || note "apt-get could not remove them all: $(paste -sd' ' "$LAB_HOME/packages-added")"
}
