# The images that pods use. Official mode pulls what the lab itself starts and leaves the rest to the nodes; built
# mode makes them all.

argocd_image() {
	local root=$work/argocd files=$LAB_HOME/argocd-files program
	rootfs "$root" "${argocd_packages[@]}"
	slim "$root"
	cp "$bin"/{argocd,helm,kustomize} "$root/usr/local/bin/"
	cp "$files"/{entrypoint.sh,gpg-wrapper.sh,git-verify-wrapper.sh} "$root/usr/local/bin/"
	chmod 755 "$root"/usr/local/bin/{entrypoint.sh,gpg-wrapper.sh,git-verify-wrapper.sh}
	ln -sf entrypoint.sh "$root/usr/local/bin/uid_entrypoint.sh"
	for program in server repo-server application-controller cmp-server dex notifications applicationset-controller k8s-auth commit-server; do
		ln -sf argocd "$root/usr/local/bin/argocd-$program"
	done
	chroot "$root" groupadd -g 999 argocd
	chroot "$root" useradd -u 999 -g 999 -m argocd
	mkdir -p "$root"/app/config/{ssh,tls,gpg/source,gpg/keys,reposerver/tls,server/tls}
	chroot "$root" chown -R argocd:argocd /app /home/argocd
	chmod 700 "$root/app/config/gpg/keys"
	ln -sf /app/config/ssh/ssh_known_hosts "$root/etc/ssh/ssh_known_hosts"
	image "$local_registry/argoproj/argocd:$ARGOCD_VERSION" "$root" \
		'USER 999' 'WORKDIR /home/argocd' 'ENV USER=argocd' 'ENTRYPOINT ["/usr/bin/tini", "--"]'
	rm -rf "$root"
}
small_images() {
	local donor=$work/donor
	rootfs "$donor" "${donor_packages[@]}"
	tiny "$work/redis" "$donor" /usr/bin/redis-server /usr/bin/redis-cli
	image "$local_registry/$ARGOCD_REDIS_IMAGE" "$work/redis" 'ENTRYPOINT ["/usr/local/bin/redis-server"]'
	tiny "$work/registry" "$donor" /usr/bin/docker-registry
	printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: /data}, delete: {enabled: true}}\nhttp: {addr: ":5000"}\n' >"$work/registry/etc/registry.yml"
	image gitops-lab/registry:latest "$work/registry" 'ENTRYPOINT ["/usr/local/bin/docker-registry", "serve", "/etc/registry.yml"]'
	rootfs "$work/busybox" "${busybox_packages[@]}"
	slim "$work/busybox"
	ln -sf busybox "$work/busybox/bin/httpd"
	image "$local_registry/library/busybox:1" "$work/busybox" 'CMD ["/bin/sh"]'
	# install.yaml runs `argocd-dex rundex` in this image, which looks for `dex` on the PATH and starts it only when
	# single sign-on is configured. Current dex is no Go module to build, so single sign-on cannot be tried here.
	printf '#!/bin/sh\necho "no dex in this image" >&2\nexit 1\n' >"$work/busybox/usr/local/bin/dex"
	chmod 755 "$work/busybox/usr/local/bin/dex"
	image "$local_registry/$ARGOCD_DEX_IMAGE" "$work/busybox"
}
official_images() {
	local image
	for image in "$OFFICIAL_REGISTRY_IMAGE" "$OFFICIAL_DEBIAN_IMAGE" "$OFFICIAL_NODE_IMAGE"; do docker pull "$image"; done
	docker tag "$OFFICIAL_REGISTRY_IMAGE" gitops-lab/registry:latest
}

images() {
	local engine
	engine=$(docker info -f '{{.ID}}') # another engine has none of the images
	if official; then
		once official_images "official images" "$engine" "$OFFICIAL_REGISTRY_IMAGE" "$OFFICIAL_DEBIAN_IMAGE" "$OFFICIAL_NODE_IMAGE"
	else
		once node_image "kind node image $node_image" "$engine" base_system slim tiny image "$DEBIAN_SUITE" "${node_packages[*]}" "${proxy_packages[*]}" "$here/runc-without-sys-resource" \
			node_rootfs node_systemd node_containerd kubeadm_images import_images "$KUBERNETES_VERSION" "$ETCD_VERSION" "$COREDNS_VERSION" \
			"$PAUSE_IMAGE_TAG" "$ETCD_IMAGE_TAG" "$COREDNS_IMAGE_TAG" "$KIND_VERSION" "${mirrored[*]}"
		once argocd_image "Argo CD image" "$engine" base_system slim image "$DEBIAN_SUITE" "${argocd_packages[*]}" "$ARGOCD_VERSION" "$HELM_VERSION" "$KUSTOMIZE_VERSION"
		once small_images "redis, registry and busybox images" "$engine" base_system slim tiny image "$DEBIAN_SUITE" "${donor_packages[*]}" "${busybox_packages[*]}" "$ARGOCD_REDIS_IMAGE" "$ARGOCD_DEX_IMAGE"
		once git_base "Git server's Debian" "$engine" base_system image "$DEBIAN_SUITE" "${git_packages[*]}"
	fi
	once git_image "Git server image" "$engine" "$OFFICIAL_DEBIAN_IMAGE" "${git_packages[*]}" "$here"/git/*
	drop_work
}
drop_work() {
	[ -d "$work" ] || return 0
	du -xsm "$LAB_HOME" | cut -f1 >>"$LAB_HOME/peak"
	rm -rf "$work"
	! own_engine || docker image prune -f >/dev/null
}

# extras: what interop tests need beyond the platform, and the controller that opens sealed secrets.
extras() {
	once build_sops "sops $SOPS_VERSION and age $AGE_VERSION" "$SOPS_VERSION" "$AGE_VERSION"
	once build_kubeseal "kubeseal and the sealed-secrets controller" "$SEALED_SECRETS_VERSION"
	drop_go_caches
	# A cluster of the user's own pulls the image that everybody pulls.
	given_kubeconfig || official || once sealed_secrets_image "sealed-secrets controller image" "$(docker info -f '{{.ID}}')" tiny image "$SEALED_SECRETS_VERSION"
	drop_work
}
sealed_secrets_image() {
	local name=$local_registry/bitnami/sealed-secrets-controller:${SEALED_SECRETS_VERSION#v}
	tiny "$work/sealed-secrets" / "$bin/sealed-secrets-controller"
	mv "$work/sealed-secrets/usr/local/bin/sealed-secrets-controller" "$work/sealed-secrets/usr/local/bin/controller"
	image "$name" "$work/sealed-secrets" 'USER 1001' 'ENTRYPOINT ["controller"]'
	docker push -q "$name"
}
