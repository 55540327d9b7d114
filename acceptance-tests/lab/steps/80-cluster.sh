# kind clusters, or the one that KUBECONFIG names.

default_cluster=gitops

# given_kubeconfig: the caller's own, unless it is one that `lab env` printed.
given_kubeconfig() { [ -n "${KUBECONFIG:-}" ] && [[ $KUBECONFIG != "$LAB_HOME"/* ]]; }

# kind_config: what a cluster needs on this machine and no official default has; the provider takes it as `config`.
kind_config() {
	echo "kind: Cluster"
	echo "apiVersion: kind.x-k8s.io/v1alpha4"
	official || echo "networking: {disableDefaultCNI: true}"
	! cgroup_v1 || cat <<-'YAML'
		kubeadmConfigPatches:
		- |
		  kind: KubeletConfiguration
		  failCgroupV1: false
		  oomScoreAdj: 0
	YAML
}
cluster_image() { if official; then echo "$OFFICIAL_NODE_IMAGE"; else echo "$node_image"; fi; }
node_ready() { kubectl --kubeconfig "$LAB_HOME/kubeconfig-$1" wait --for=condition=Ready node --all --timeout="$2" >/dev/null 2>&1; }

cluster() {
	if given_kubeconfig; then
		kubectl version >/dev/null 2>&1 || fail "the cluster of KUBECONFIG=$KUBECONFIG does not answer" "kubectl version says why."
		return 0
	fi
	if kind get clusters 2>/dev/null | grep -qx "$1"; then
		[ -e "$LAB_HOME/kubeconfig-$1" ] || fail "there is a kind cluster $1 that the lab has not made" "lab up NAME makes one of another name."
		# A node comes back with its engine, mostly; one that does not within a minute is made anew.
		! node_ready "$1" 60s || return 0
		note "cluster $1 does not come back; making it anew"
		delete_cluster "$1"
	fi
	step create_cluster "kind cluster $1" "$1"
}
create_cluster() {
	(umask 077 && touch "$LAB_HOME/kubeconfig-$1") # even half made it is ours
	kind create cluster --name "$1" --image "$(cluster_image)" --config "$LAB_HOME/kind-config.yaml" \
		--kubeconfig "$LAB_HOME/kubeconfig-$1" --wait 180s
	node_ready "$1" 1s || {
		kubectl --kubeconfig "$LAB_HOME/kubeconfig-$1" describe nodes | tail -n 30
		echo "the node is not ready"
		return 1
	}
}
delete_cluster() {
	kind delete cluster --name "$1" --kubeconfig "$LAB_HOME/kubeconfig-$1"
	rm -f "$LAB_HOME/kubeconfig-$1"
}

# base: all that clusters and suites need, short of a cluster.
base() {
	if given_kubeconfig; then
		own_environment
		needs go jq kubectl
		once argocd_files "Argo CD's manifests" "$ARGOCD_VERSION"
		once build_tofu "OpenTofu $TOFU_VERSION" module "$TOFU_VERSION"
		drop_go_caches
		return 0
	fi
	check
	engine
	if ! official; then
		need_root
		room_to_build
		once packages "Debian packages" "${host_packages[*]}"
	elif installs; then
		host_packages=("${beside_packages[@]}") host_programs=("${beside_programs[@]}")
		once packages "Debian packages" "${host_packages[*]}"
	else
		needs git jq
	fi
	programs
	images
	registry
	start_git
	kind_config >"$LAB_HOME/kind-config.yaml"
}
