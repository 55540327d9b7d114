# Programs in $LAB_HOME/bin: copied out of official images, or built from Go modules with caches of the lab's own,
# which are emptied when everything is built (left alone they pass 20 GiB).

go_environment() {
	command -v go >/dev/null || {
		echo "Go is needed to build the lab's programs, and \`go\` is not on the PATH"
		return 1
	}
	mkdir -p "$LAB_HOME/go/scratch"
	export GOPATH=$LAB_HOME/go/path GOTMPDIR=$LAB_HOME/go/scratch GOCACHE=$LAB_HOME/go/build GOMODCACHE=$LAB_HOME/go/modules
	export GOFLAGS="-buildvcs=false -modcacherw" CGO_ENABLED=0
	# Collecting garbage is a quarter of what compiling costs; the limit keeps two compilers within 6 GiB.
	export GOGC=400 GOMEMLIMIT=3GiB
	# The user's settings of Go count; what Go notes about itself beside them does not go there.
	export GOENV=${GOENV:-${XDG_CONFIG_HOME:-$HOME/.config}/go/env} XDG_CONFIG_HOME=$LAB_HOME/go/config
}
# module DIR MODULE VERSION [OTHER@VERSION…]: a throw-away main module that depends on MODULE, and the others, with the
# replacements that MODULE itself declares (`go install MODULE@VERSION` refuses modules that have any). It is not made
# tidy: that asks for the modules of other modules' tests, and takes minutes.
module() {
	local dir=$LAB_HOME/go/main/$1 module=$2 version=$3 gomod other
	shift 3
	command -v jq >/dev/null || {
		echo "jq is needed to build Go modules with replacements, and is not on the PATH"
		return 1
	}
	mkdir -p "$dir" && cd "$dir"
	gomod=$(go mod download -json "$module@$version" | jq -r .GoMod)
	{
		echo "module lab.invalid/$(basename "$dir")"
		echo "go $(go mod edit -json "$gomod" | jq -r .Go)"
		for other in "$module@$version" "$@"; do echo "require ${other%@*} ${other#*@}"; done
		go mod edit -json "$gomod" | jq -r '.Replace // [] | .[] | [.Old.Path, .Old.Version // "", .New.Path, .New.Version // ""] | join("|")' |
			while IFS='|' read -r old old_version new new_version; do
				case "$module:$new" in
				k8s.io/kubernetes:./staging/*) new=$old new_version=v0.${version#v1.} ;;
				*argo-cd/v3:./gitops-engine) new=$old new_version=$ARGOCD_GITOPS_ENGINE ;;
				*:.*) continue ;; # another local directory: resolve the published module instead
				esac
				echo "replace $old $old_version => $new $new_version"
			done
	} >go.mod
}
# compile LDFLAGS PACKAGE…: inside a directory made by `module`; the programs are named after their packages.
compile() {
	local flags=$1
	shift
	echo "compiling $*"
	go build -mod=mod -trimpath -ldflags="-s -w $flags" -o "$bin/" "$@"
}
install_tool() {
	echo "compiling $1"
	GOBIN=$bin go install -trimpath -ldflags="-s -w" "$1"
}
# module_dir MODULE@VERSION: where its files lie in the module cache.
module_dir() { (cd / && go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'); }

build_kind() {
	go_environment
	install_tool "sigs.k8s.io/kind@$KIND_VERSION"
	rm -rf "$LAB_HOME/kind-files"
	cp -r --no-preserve=mode "$(module_dir "sigs.k8s.io/kind@$KIND_VERSION")/images/base/files" "$LAB_HOME/kind-files"
}
build_kubernetes() {
	go_environment
	local commands=(kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubeadm kubectl)
	module kubernetes k8s.io/kubernetes "$KUBERNETES_VERSION"
	local minor=${KUBERNETES_VERSION#v1.} package=k8s.io/component-base/version
	compile "-X $package.gitVersion=$KUBERNETES_VERSION -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*} -X $package.gitTreeState=clean" \
		"${commands[@]/#/k8s.io/kubernetes/cmd/}"
}
made_build_kubernetes() {
	local program
	for program in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet; do
		prints "$KUBERNETES_VERSION" $program --version || return 1
	done
	prints "$KUBERNETES_VERSION" kubeadm version && prints "$KUBERNETES_VERSION" kubectl version --client
}
# etcd, a pause that reaps, and CoreDNS with only the plugins that kubeadm's Corefile names: the rest of them
# brings every cloud's client library and three minutes of compiling.
coredns_plugins=(cache errors forward health kubernetes loadbalance loop metrics ready reload)
build_node_parts() {
	go_environment
	module etcd go.etcd.io/etcd/server/v3 "$ETCD_VERSION"
	go build -mod=mod -trimpath -ldflags="-s -w" -o "$bin/etcd" go.etcd.io/etcd/server/v3
	module coredns github.com/coredns/coredns "$COREDNS_VERSION"
	{
		printf 'package main\n\nimport (\n\t"github.com/coredns/coredns/coremain"\n'
		printf '\t_ "github.com/coredns/coredns/plugin/%s"\n' "${coredns_plugins[@]}"
		printf ')\n\nfunc main() { coremain.Run() }\n'
	} >main.go
	go build -mod=mod -trimpath -ldflags="-s -w" -o "$bin/coredns" .
	gcc -static -O2 -x c -o "$bin/pause" - <<-'C'
		#include <signal.h>
		#include <stdlib.h>
		#include <sys/wait.h>
		#include <unistd.h>
		static void reap(int s) { while (waitpid(-1, 0, WNOHANG) > 0); }
		static void stop(int s) { exit(0); }
		int main(void) { signal(SIGCHLD, reap); signal(SIGTERM, stop); signal(SIGINT, stop); for (;;) pause(); }
	C
}
made_build_node_parts() {
	prints "${ETCD_VERSION#v}" etcd --version && prints "${COREDNS_VERSION#v}" coredns -version && [ -x "$bin/pause" ]
}
# build_argocd: helm with Argo CD's version of Kubernetes' libraries, which are compiled once for both.
build_argocd() {
	go_environment
	module argocd github.com/argoproj/argo-cd/v3 "$ARGOCD_VERSION" "helm.sh/helm/v3@$HELM_VERSION"
	echo "compiling Argo CD"
	go build -mod=mod -trimpath -ldflags="-s -w -X github.com/argoproj/argo-cd/v3/common.version=${ARGOCD_VERSION#v}" \
		-o "$bin/argocd" github.com/argoproj/argo-cd/v3/cmd
	compile "-X helm.sh/helm/v3/internal/version.version=$HELM_VERSION" helm.sh/helm/v3/cmd/helm
	install_tool "sigs.k8s.io/kustomize/kustomize/v5@$KUSTOMIZE_VERSION"
}
made_build_argocd() {
	prints "$ARGOCD_VERSION" argocd version --client --short && prints "$HELM_VERSION" helm version --short &&
		prints "$KUSTOMIZE_VERSION" kustomize version
}
# argocd_files: what is used of Argo CD's source tree, from its Go module in both cases.
argocd_files() {
	go_environment
	local source
	source=$(module_dir "github.com/argoproj/argo-cd/v3@$ARGOCD_VERSION")
	rm -rf "$LAB_HOME/argocd-files" && mkdir "$LAB_HOME/argocd-files"
	cp --no-preserve=mode "$source"/manifests/install.yaml "$source"/entrypoint.sh "$source"/hack/{gpg-wrapper,git-verify-wrapper}.sh \
		"$LAB_HOME/argocd-files/"
	sha256sum "$LAB_HOME/argocd-files/install.yaml" | cut -d' ' -f1 >"$LAB_HOME/argocd-files/install.yaml.sha256"
}
build_tofu() {
	go_environment
	module tofu github.com/opentofu/opentofu "$TOFU_VERSION"
	compile "-X github.com/opentofu/opentofu/version.dev=no" github.com/opentofu/opentofu/cmd/tofu
}
made_build_tofu() { prints "OpenTofu $TOFU_VERSION" tofu version; }
# build_sops: with every cloud's client library, which is 152 s of one core and 2 GB of caches.
build_sops() {
	go_environment
	install_tool "github.com/getsops/sops/v3/cmd/sops@$SOPS_VERSION"
	install_tool "filippo.io/age/cmd/...@$AGE_VERSION"
}
made_build_sops() { prints "${SOPS_VERSION#v}" sops --version --disable-version-check && [ -x "$bin/age" ]; }
build_kubeseal() {
	go_environment
	install_tool "github.com/bitnami-labs/sealed-secrets/cmd/kubeseal@$SEALED_SECRETS_VERSION"
	install_tool "github.com/bitnami-labs/sealed-secrets/cmd/controller@$SEALED_SECRETS_VERSION"
	mv "$bin/controller" "$bin/sealed-secrets-controller"
}

# build_deny: with a target directory of its own, which goes when it is built.
build_deny() {
	command -v cargo >/dev/null || {
		echo "cargo is needed to build cargo-deny, and is not on the PATH"
		return 1
	}
	local scratch=$LAB_HOME/cargo
	mkdir -p "$scratch"
	CARGO_TARGET_DIR=$scratch/target cargo install --locked --root "$scratch" "cargo-deny@$CARGO_DENY_VERSION"
	mv "$scratch/bin/cargo-deny" "$bin/"
	rm -rf "$scratch"
}
made_build_deny() { prints "$CARGO_DENY_VERSION" cargo-deny --version; }

# copy_from IMAGE PATH…: files of an official image, without running it.
copy_from() {
	local image=$1 container path
	shift
	docker pull "$image"
	container=$(docker create "$image" none)
	for path in "$@"; do docker cp -L "$container:$path" "$bin/" || break; done
	docker rm "$container"
	[ -x "$bin/$(basename "$path")" ]
}
official_programs() {
	copy_from "$OFFICIAL_NODE_IMAGE" /usr/bin/kubectl
	copy_from "quay.io/argoproj/argocd:$ARGOCD_VERSION" /usr/local/bin/argocd /usr/local/bin/helm /usr/local/bin/kustomize
	copy_from "ghcr.io/opentofu/opentofu:${TOFU_VERSION#v}" /usr/local/bin/tofu
}

programs() {
	if official; then
		once build_kind "kind $KIND_VERSION" "$KIND_VERSION" install_tool
		once official_programs "kubectl, argocd, helm, kustomize and tofu, from their official images" \
			copy_from "$OFFICIAL_NODE_IMAGE" "$ARGOCD_VERSION" "$TOFU_VERSION"
	else
		lanes programs_of_clusters programs_of_users base_systems
	fi
	once argocd_files "Argo CD's manifests" "$ARGOCD_VERSION"
	drop_go_caches
}
programs_of_clusters() {
	once build_kind "kind $KIND_VERSION" "$KIND_VERSION" install_tool
	once build_node_parts "etcd $ETCD_VERSION and CoreDNS $COREDNS_VERSION" module "$ETCD_VERSION" "$COREDNS_VERSION" "${coredns_plugins[*]}"
	once build_kubernetes "Kubernetes $KUBERNETES_VERSION" module "$KUBERNETES_VERSION"
}
programs_of_users() {
	once build_argocd "Argo CD $ARGOCD_VERSION, helm and kustomize" module "$ARGOCD_VERSION" "$ARGOCD_GITOPS_ENGINE" \
		"$HELM_VERSION" "$KUSTOMIZE_VERSION"
	once build_tofu "OpenTofu $TOFU_VERSION" module "$TOFU_VERSION"
}
drop_go_caches() {
	[ -d "$LAB_HOME/go" ] || return 0
	du -xsm "$LAB_HOME" | cut -f1 >>"$LAB_HOME/peak"
	rm -rf "$LAB_HOME/go"
}
