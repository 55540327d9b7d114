# The kind node image: kind's own base files on Debian's packages, with the images that kubeadm starts already
# in the node's containerd. Built only where kindest/node cannot be pulled.

registry=gitops-lab-registry
node_image=gitops-lab/node:$KUBERNETES_VERSION
# Registries whose images the nodes take from the lab's registry instead, by the same names.
mirrored=(docker.io ghcr.io quay.io public.ecr.aws registry.k8s.io registry.invalid)

node_rootfs() {
	local root=$work/node files=$LAB_HOME/kind-files program host
	rootfs "$root" "${node_packages[@]}"
	cp -r "$files"/etc/. "$root/etc/"
	mkdir -p "$root/kind/manifests" "$root/opt/cni" "$root/etc/cni/net.d" "$root/etc/kubernetes/manifests"
	cp -r "$files"/kind/. "$root/kind/"
	cp "$files"/usr/local/bin/* "$root/usr/local/bin/"
	chmod 755 "$root"/usr/local/bin/* "$root"/kind/bin/*
	cp "$bin"/{kubeadm,kubelet,kubectl} "$root/usr/bin/"
	echo "$KUBERNETES_VERSION" >"$root/kind/version"
	cp -r "$root/usr/lib/cni" "$root/opt/cni/bin"
	for program in containerd ctr containerd-shim-runc-v2; do ln -sf "/usr/bin/$program" "$root/usr/local/bin/$program"; done
	! lacks_sys_resource || install -m 755 "$here/runc-without-sys-resource" "$root/usr/local/sbin/runc"
	node_systemd "$root"
	node_containerd "$root"
}
# node_systemd ROOT: the units a container can do without are gone, as in kind's own Dockerfile.
node_systemd() {
	rm -f "$1"/lib/systemd/system/{multi-user,local-fs}.target.wants/* "$1"/etc/systemd/system/*.wants/* \
		"$1"/lib/systemd/system/sockets.target.wants/*{udev,initctl}* \
		"$1"/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service
	echo ReadKMsg=no >>"$1/etc/systemd/journald.conf"
	ln -sf /usr/lib/systemd/systemd "$1/sbin/init"
	chroot "$1" systemctl --quiet enable kubelet.service containerd.service undo-mount-hacks.service
	chroot "$1" systemctl --quiet mask systemd-binfmt.service
}
# node_containerd ROOT: Debian's containerd with kind's settings, the mirrors, and a bridge for the pods (kindnet,
# kind's own network, is one more image; the clusters say disableDefaultCNI).
node_containerd() {
	local host
	chroot "$1" ctr oci spec |
		jq '.hooks.createContainer += [{path: "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' >"$1/etc/containerd/cri-base.json"
	sed -i "s#pause:[0-9.]*\"#pause:$PAUSE_IMAGE_TAG\"#; s/restrict_oom_score_adj = false/restrict_oom_score_adj = true/" "$1/etc/containerd/config.toml"
	cat >>"$1/etc/containerd/config.toml" <<-'TOML'
		[plugins."io.containerd.grpc.v1.cri".registry]
		  config_path = "/etc/containerd/certs.d"
	TOML
	for host in "${mirrored[@]}"; do
		mkdir -p "$1/etc/containerd/certs.d/$host"
		printf 'server = "http://%s:5000"\n[host."http://%s:5000"]\n  capabilities = ["pull", "resolve"]\n' "$registry" "$registry" \
			>"$1/etc/containerd/certs.d/$host/hosts.toml"
	done
	cat >"$1/etc/cni/net.d/10-bridge.conflist" <<-'JSON'
		{"cniVersion": "1.0.0", "name": "bridge", "plugins": [
		  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
		   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
		  {"type": "portmap", "capabilities": {"portMappings": true}}]}
	JSON
}

# import_images: runs in a node. What is imported is unpacked, and nobody reads the layers' archives again: they go.
# containerd deletes them a moment after it was told to, and must not be ended before.
import_images() {
	until ctr version >/dev/null 2>&1; do sleep 0.2; done
	for archive in /archives/*.tar; do ctr -n k8s.io images import "$archive"; done
	ctr -n k8s.io content ls | awk '/containerd.io\/uncompressed=/ {print $1}' | xargs ctr -n k8s.io content rm
	while find /var/lib/containerd/io.containerd.content.v1.content -size +1M | grep -q .; do sleep 0.1; done
	pkill -x containerd
	while pgrep -x containerd >/dev/null; do sleep 0.1; done
}
# kubeadm_images ARCHIVES: each image that kubeadm starts, as an archive.
kubeadm_images() {
	local program tag name entrypoint
	rootfs "$work/kube-proxy" "${proxy_packages[@]}"
	slim "$work/kube-proxy"
	cp "$bin/kube-proxy" "$work/kube-proxy/usr/local/bin/"
	for program in kube-apiserver kube-controller-manager kube-scheduler etcd coredns pause; do
		tiny "$work/$program" / "$bin/$program"
	done
	for tag in kube-apiserver:$KUBERNETES_VERSION kube-controller-manager:$KUBERNETES_VERSION kube-scheduler:$KUBERNETES_VERSION \
		kube-proxy:$KUBERNETES_VERSION etcd:$ETCD_IMAGE_TAG pause:$PAUSE_IMAGE_TAG coredns/coredns:$COREDNS_IMAGE_TAG; do
		name=${tag%%:*} entrypoint=()
		name=${name##*/}
		case $name in coredns | pause) entrypoint=("ENTRYPOINT [\"/usr/local/bin/$name\"]") ;; esac
		image "registry.k8s.io/$tag" "$work/$name" "${entrypoint[@]}"
		docker save -o "$1/$name.tar" "registry.k8s.io/$tag"
		docker rmi "registry.k8s.io/$tag"
		rm -rf "${work:?}/$name"
	done
}

node_image() {
	local archives=$work/archives boot='ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]' prepare=gitops-lab-prepare
	rm -rf "$archives" && mkdir -p "$archives"
	node_rootfs
	image gitops-lab/node-base:latest "$work/node" 'ENV container=docker' "$boot"
	rm -rf "$work/node"
	kubeadm_images "$archives"
	docker rm -f $prepare >/dev/null 2>&1 || true
	docker run -d --name $prepare --privileged -v "$archives:/archives:ro" --entrypoint sleep gitops-lab/node-base:latest infinity
	docker exec -d $prepare containerd
	docker exec $prepare bash -ec "$(declare -f import_images); import_images"
	docker commit --change "$boot" $prepare "$node_image"
	docker rm -f $prepare
	rm -rf "$archives"
}
