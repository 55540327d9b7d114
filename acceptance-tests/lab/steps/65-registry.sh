# kind's network, and the registry on it, where the built nodes' mirrors look and tests push to.

registry_port=5001
local_registry=localhost:$registry_port

# answers ADDRESS PORT: within ten seconds.
answers() {
	local try
	for try in $(seq 100); do
		! (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null || return 0
		sleep 0.1
	done
	return 1
}
network() {
	docker network inspect kind >/dev/null 2>&1 || step kind_network "the network of kind's clusters"
}
# kind_network: made twice, the second time with the addresses that the engine itself chose the first time: only a
# network whose subnet was asked for lets a container keep its address.
kind_network() {
	local subnet
	docker network create kind
	subnet=$(docker network inspect -f '{{range .IPAM.Config}}{{println .Subnet}}{{end}}' kind | grep -m1 -F .)
	docker network rm kind
	docker network create --subnet "$subnet" kind
	touch "$LAB_HOME/network"
}
start_registry() {
	[ "$(docker inspect -f '{{.State.Running}}' $registry 2>/dev/null)" != true ] || return 0
	step registry_up "registry on $local_registry"
}
registry_up() {
	docker rm -f $registry 2>/dev/null || true
	! (exec 3<>"/dev/tcp/127.0.0.1/$registry_port") 2>/dev/null || {
		echo "port $registry_port of this machine is taken, and the lab's registry needs it: stop what listens there"
		return 1
	}
	docker run -d --name $registry --restart unless-stopped --network kind -p "127.0.0.1:$registry_port:5000" \
		-v gitops-lab-registry:/data -v gitops-lab-registry:/var/lib/registry gitops-lab/registry:latest
	answers 127.0.0.1 $registry_port || {
		docker logs $registry
		return 1
	}
}
pushed=("argoproj/argocd:$ARGOCD_VERSION" "$ARGOCD_REDIS_IMAGE" "$ARGOCD_DEX_IMAGE" library/busybox:1)
push_images() {
	local name
	for name in "${pushed[@]}"; do docker push -q "$local_registry/$name"; done
}
registry() {
	network
	start_registry
	official || once push_images "the nodes' images into the registry" \
		"$(docker volume inspect -f '{{.CreatedAt}}' $registry)" "$(docker image inspect -f '{{.Id}}' "${pushed[@]/#/$local_registry/}")"
}
