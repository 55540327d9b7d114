# Which Docker engine is used, and whether official images can be pulled with it. Both answers are remembered:
# $LAB_HOME/engine holds the engine's address, $LAB_HOME/images holds `official` or `built`.

own_host=${LAB_DOCKER_HOST:-unix:///run/gitops-lab-docker.sock}
own_exec=/run/gitops-lab-docker

lacks_sys_resource() { (((16#$(awk '/CapBnd/ {print $2}' /proc/self/status) >> 24 & 1) == 0)); }
cgroup_v1() { [ ! -f /sys/fs/cgroup/cgroup.controllers ]; }
# engine_pid: the engine's process, if the one of the pid file is still it. After a crash or a restart of the machine the
# number may be somebody else's.
engine_pid() {
	local pid
	pid=$(cat "$LAB_HOME/docker/pid" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] && echo "$pid"
}
own_engine() { [ "$(cat "$LAB_HOME/engine" 2>/dev/null)" = "$own_host" ]; }
official() { [ "$(cat "$LAB_HOME/images" 2>/dev/null)" = official ]; }

# own_environment: PATH and engine of the lab, for every step after the first.
own_environment() {
	export PATH=$bin:$PATH
	[ ! -s "$LAB_HOME/engine" ] || export DOCKER_HOST=$(cat "$LAB_HOME/engine")
	eval "$(client_folders)"
}
# client_folders: where docker and kubectl write things down. With an engine of the user's docker keeps reading the
# user's own settings: logins are among them.
client_folders() {
	echo "export KUBECACHEDIR=$LAB_HOME/clients/kube"
	echo "export BUILDX_CONFIG=$LAB_HOME/clients/buildx"
	! own_engine || echo "export DOCKER_CONFIG=$LAB_HOME/clients/docker"
}

engine() {
	[ "$(uname -s)" = Linux ] || fail "the lab needs Linux" \
		"Elsewhere containers have no address that this machine and the cluster's pods share. A Linux virtual machine works."
	own_environment
	if own_engine; then
		docker version >/dev/null 2>&1 || start_engine
	elif docker info >/dev/null 2>&1; then
		[ -s "$LAB_HOME/engine" ] || docker context inspect -f '{{.Endpoints.docker.Host}}' >"$LAB_HOME/engine" 2>/dev/null ||
			echo "${DOCKER_HOST:-unix:///var/run/docker.sock}" >"$LAB_HOME/engine"
	elif [ -s "$LAB_HOME/engine" ]; then
		fail "the Docker engine at $DOCKER_HOST does not answer any more" "Start it, or forget it: rm $LAB_HOME/engine"
	elif [ "$(id -u)" != 0 ]; then
		fail "no Docker engine answers, and without root the lab cannot start one" \
			"Start Docker (can this user run \`docker info\`?), or run the same command as root."
	else
		once packages "Debian packages" "${host_packages[*]}"
		if docker info >/dev/null 2>&1; then # the package has started one
			echo unix:///var/run/docker.sock >"$LAB_HOME/engine"
		else
			echo "$own_host" >"$LAB_HOME/engine"
			start_engine
		fi
	fi
	! own_engine || weigh_containers
	own_environment
	local chosen
	chosen=$(cat "$LAB_HOME/images" 2>/dev/null || true)
	[ -n "$chosen" ] && [ "${LAB_IMAGES:-$chosen}" = "$chosen" ] || step choose_images "Can official images be pulled?"
}

start_engine() {
	export DOCKER_HOST=$own_host
	docker version >/dev/null 2>&1 || step dockerd_up "Docker engine"
}
# forget_interfaces: removes those of containers that died with their engine. Until the last of their connections has
# timed out, which takes minutes, they would answer for addresses that the engine has given to others by then.
forget_interfaces() {
	local port bridge
	for port in /sys/class/net/br-*/brif/*; do
		[ -e "$port" ] || continue
		bridge=${port#/sys/class/net/} bridge=${bridge%%/*}
		! grep -aqs "${bridge#br-}" "$LAB_HOME/docker/data/network/files/local-kv.db" || ip link delete "${port##*/}" || true
	done
}
# raise_limit: kind's nodes each take some inotify instances; the kernel's default of 128 is enough for two or three of
# them. What it was is written down; `lab clean` sets it again.
inotify_limit=/proc/sys/fs/inotify/max_user_instances
raise_limit() {
	local before
	before=$(cat $inotify_limit)
	[ "$before" -lt 512 ] || return 0
	! echo 512 >$inotify_limit || echo "$before" >"$LAB_HOME/inotify-limit"
}
# weigh_containers: an engine that no systemd has put beside the users' programs has all containers share what one process
# gets. Where a few programs compute, whole clusters starve: they weigh as much as eight.
container_weight=/sys/fs/cgroup/cpu/docker/cpu.shares
weigh_containers() {
	! cgroup_v1 || { mkdir -p "${container_weight%/*}" && echo 8192 >$container_weight; } 2>/dev/null || true
}
engine_gone() { ! engine_pid >/dev/null; }
# engine_settled PID: it answers, or it has ended.
engine_settled() { ! kill -0 "$1" 2>/dev/null || timeout 10 docker version; }
dockerd_up() {
	local runtime=() attempt pid
	raise_limit
	mkdir -p "$LAB_HOME/docker"
	if lacks_sys_resource; then # a copy, for the engine outlives the checkout that started it
		install -m 755 "$here/runc-without-sys-resource" "$LAB_HOME/docker/"
		runtime=(--add-runtime "weaker=$LAB_HOME/docker/runc-without-sys-resource" --default-runtime weaker)
	fi
	for attempt in 1 2 3; do # an engine that was just stopped takes its containers' shutdown time to leave
		within 60 engine_gone || {
			echo "the engine that was stopped, process $(engine_pid), is still there after a minute"
			return 1
		}
		rm -f "$LAB_HOME/docker/pid" # a stale one, whose number another process has by now, would stop dockerd
		forget_interfaces
		echo "attempt $attempt"
		setsid nohup dockerd --host "$DOCKER_HOST" --data-root "$LAB_HOME/docker/data" --exec-root "$own_exec" \
			--pidfile "$LAB_HOME/docker/pid" "${runtime[@]}" >"$LAB_HOME/docker/log" 2>&1 </dev/null 9>&- &
		pid=$!
		within 120 engine_settled $pid || {
			echo "dockerd runs and does not answer within two minutes"
			kill $pid
			break
		}
		! kill -0 $pid 2>/dev/null || return 0
	done
	tail -n 10 "$LAB_HOME/docker/log"
	return 1
}
stop_engine() {
	local pid
	own_engine && pid=$(engine_pid) || return 0
	say "stopping the Docker engine"
	kill "$pid"
	within 90 engine_gone || fail "the engine, process $pid, is still there after 90 seconds" \
		"Why is at the end of $LAB_HOME/docker/log. Once it is gone, run the same command again."
}

# choose_images: official ones when the two registries that matter answer within half a minute.
choose_images() {
	local choice=${LAB_IMAGES:-}
	if [ -z "$choice" ]; then
		choice=built
		! { timeout 30 docker pull -q "$OFFICIAL_BUSYBOX_IMAGE" &&
			timeout 30 docker manifest inspect "quay.io/argoproj/argocd:$ARGOCD_VERSION" >/dev/null; } || choice=official
	fi
	case $choice in
	official | built) echo "$choice" | tee "$LAB_HOME/images" ;;
	*)
		echo "LAB_IMAGES=$choice is neither official nor built"
		return 1
		;;
	esac
}
