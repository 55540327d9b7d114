# What `make bench` compares with: providers in Go, the newest releases that have a module under their tag, and the library
# of Sealed Secrets. What the modules are is checked against the public checksum database; what they are built from, too.
peers=$LAB_HOME/peers

# build_peer MODULE@VERSION: one program, named as Terraform names providers. Its main module has the replacements that
# MODULE declares, and one for a module whose domain is gone; it is not made tidy, because that asks for the modules of
# other modules' tests.
build_peer() {
	local module=${1%@*} version=${1#*@} name gomod
	name=${module##*/}
	go_environment
	mkdir -p "$LAB_HOME/go/main/$name" "$peers" && cd "$LAB_HOME/go/main/$name"
	gomod=$(go mod download -json "$1" | jq -r .GoMod)
	echo "module lab.invalid/$name" >go.mod
	go mod edit -json "$gomod" | jq -r '.Replace // [] | .[] | select(.New.Version != null)
		| "-replace=\(.Old.Path)\(if .Old.Version then "@" + .Old.Version else "" end)=\(.New.Path)@\(.New.Version)"' |
		xargs go mod edit -go="$(go mod edit -json "$gomod" | jq -r .Go)" -require="$1" \
			-replace="vbom.ml/util=$PEER_VBOM_UTIL"
	echo "compiling $1"
	go build -mod=mod -trimpath -ldflags="-s -w" -o "$peers/new" "$module"
	rm -f "$peers/${name}_v"*
	mv "$peers/new" "$peers/${name}_$version"
}
made_peer() { local module=${1%@*}; [ -x "$peers/${module##*/}_${1#*@}" ]; }

build_peer_kubernetes() { build_peer "$PEER_KUBERNETES"; }
build_peer_kubectl() { build_peer "$PEER_KUBECTL"; }
build_peer_helm() { build_peer "$PEER_HELM"; }
made_build_peer_kubernetes() { made_peer "$PEER_KUBERNETES"; }
made_build_peer_kubectl() { made_peer "$PEER_KUBECTL"; }
made_build_peer_helm() { made_peer "$PEER_HELM"; }

# The library that kubeseal is made of, called by a program of ours.
build_library_seal() {
	go_environment
	module seal github.com/bitnami-labs/sealed-secrets "$SEALED_SECRETS_VERSION"
	mkdir -p "$peers"
	cp "$here/peers/seal.go" main.go
	echo "compiling the library of Sealed Secrets"
	go build -mod=mod -trimpath -ldflags="-s -w" -o "$peers/new" .
	rm -f "$peers/library-sealed-secrets_v"*
	mv "$peers/new" "$peers/library-sealed-secrets_$SEALED_SECRETS_VERSION"
}

build_peers() {
	once build_library_seal "the library of Sealed Secrets $SEALED_SECRETS_VERSION" module "$SEALED_SECRETS_VERSION" "$here/peers/seal.go"
	once build_peer_kubernetes "$PEER_KUBERNETES" "$PEER_KUBERNETES" build_peer
	once build_peer_kubectl "$PEER_KUBECTL" "$PEER_KUBECTL" build_peer
	once build_peer_helm "$PEER_HELM" "$PEER_HELM" build_peer
	drop_go_caches
}
