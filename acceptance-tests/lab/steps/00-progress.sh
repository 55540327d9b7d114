# How steps run: once, in sight, and with a message that helps when one fails.

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
note() { printf '   %s\n' "$*" >&2; }
# fail WHAT [ADVICE]: ends the program.
fail() {
	printf '\033[1;31m%s: %s\033[0m\n' "${0##*/}" "$1" >&2
	[ -z "${2:-}" ] || printf '   %s\n' "$2" >&2
	exit 1
}
# needs PROGRAM…: names all that are not on the PATH, before anything is made.
needs() {
	local program missing=()
	for program in "$@"; do command -v "$program" >/dev/null || missing+=("$program"); done
	[ ${#missing[@]} -eq 0 ] || fail "not on the PATH, and needed: ${missing[*]}" \
		"Debian has gcc, git and jq under these names; Go and Rust (cargo) come from their own installers. Then run the same command again."
}
# within SECONDS COMMAND…: waits until COMMAND succeeds, but not longer.
within() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $deadline ] || return 1
		sleep 0.2
	done
}
duration() { printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); }

# locked: one lab works in $LAB_HOME at a time; whatever it starts for good must close descriptor 9.
locked() {
	mkdir -p "$LAB_HOME"/{bin,logs,stamps}
	exec 9>"$LAB_HOME/lock"
	flock -n 9 && return
	note "another lab is at work in $LAB_HOME; waiting for it"
	flock 9
}

# digest INPUT…: each input is a function (its text counts), a file (its content), or just a word.
digest() {
	local input
	for input in "$@"; do
		if declare -F "$input" >/dev/null; then
			declare -f "$input"
		elif [ -f "$input" ]; then
			cat "$input"
		else
			echo "$input"
		fi
	done | sha256sum | cut -d' ' -f1
}

# once FUNCTION TITLE INPUT…: runs FUNCTION unless it already succeeded with the same text and inputs. Where there is
# a function made_FUNCTION it decides whether what FUNCTION makes is there already: minutes of compiling are not spent
# again because a line of the step has changed.
once() {
	local function=$1 title=$2 stamp=$LAB_HOME/stamps/$1 now
	shift 2
	now=$(digest "$function" "$@")
	[ "$(cat "$stamp" 2>/dev/null)" != "$now" ] || return 0
	if ! declare -F "made_$function" >/dev/null || ! "made_$function" 2>/dev/null; then
		step "$function" "$title"
	fi
	echo "$now" >"$stamp"
}
# prints EXPECTED PROGRAM ARGUMENT…: whether one of the lab's programs is there and prints EXPECTED.
prints() {
	local expected=$1 program=$bin/$2
	shift 2
	[[ -x $program && $("$program" "$@" 2>&1) == *"$expected"* ]]
}

# lanes FUNCTION…: side by side, so that the one's downloads and links go on while the other compiles. When one fails the
# others are ended.
in_lanes= lane_pids=()
lanes() {
	local lane failed=
	for lane in "$@"; do
		(
			in_lanes=1 lane_pids=()
			step_traps
			"$lane"
		) &
		lane_pids+=($!)
	done
	for lane in "$@"; do
		wait -n || {
			[ -n "$failed" ] || kill -TERM "${lane_pids[@]}" 2>/dev/null || true
			failed=1
		}
	done
	lane_pids=()
	[ -z "$failed" ] || exit 1
}

# step FUNCTION TITLE ARGUMENT…: runs FUNCTION with its output in a log, shows that it lives, explains its failure.
running=
step_limit=1800 # seconds, for waits inside steps, too: the longest takes ten minutes on two cores
step() {
	local function=$1 title=$2 log=$LAB_HOME/logs/$1.log begin=$SECONDS elapsed
	shift 2
	say "$title"
	set -m # a process group of its own, so that an interrupt ends all of it
	"$here/lab" .step "$function" "$@" >"$log" 2>&1 </dev/null &
	running=$!
	set +m
	while kill -0 "$running" 2>/dev/null; do
		sleep 0.2
		elapsed=$((SECONDS - begin))
		progress "$elapsed" "$log" "$title"
		[ $elapsed -lt $step_limit ] || {
			echo "the step was ended: it was not done after $(duration $step_limit)" >>"$log"
			kill -KILL -- "-$running" 2>/dev/null || true
			break
		}
	done
	if ! wait "$running" 2>/dev/null; then
		running=
		progress_end
		printf '\033[1;31mlab: step "%s" failed after %s\033[0m; the end of %s:\n' "$title" "$(duration $((SECONDS - begin)))" "$log" >&2
		tail -n 12 "$log" | sed 's/^/   | /' >&2
		note "$(advice "$log")"
		exit 1
	fi
	running=
	progress_end
	elapsed=$((SECONDS - begin))
	[ $elapsed -lt 2 ] || note "${in_lanes:+$title: }done in $(duration $elapsed)"
}
# end_steps: what runs is ended with the program, whole process groups and lanes.
end_steps() {
	[ -z "$running" ] || kill -TERM -- "-$running" 2>/dev/null || true
	[ ${#lane_pids[@]} -eq 0 ] || kill -TERM "${lane_pids[@]}" 2>/dev/null || true
}
step_traps() {
	trap end_steps EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}
step_traps

last_shown=0
# progress ELAPSED LOG TITLE: on a terminal one line that is rewritten, elsewhere, and in lanes, a line a minute.
progress() {
	local line
	if [ -t 2 ] && [ -z "$in_lanes" ]; then
		[ "$1" != "$last_shown" ] || return 0
		line=$(tail -n 1 "$2" 2>/dev/null | tr -dc '[:print:]' | cut -c1-70)
		printf '\r\033[K   %s  %s' "$(duration "$1")" "$line" >&2
	elif [ $(($1 % 60)) -eq 0 ] && [ "$1" -gt 0 ] && [ "$1" != "$last_shown" ]; then
		note "${in_lanes:+$3: }$(duration "$1")  $(tail -n 1 "$2" 2>/dev/null | tr -dc '[:print:]' | cut -c1-90)"
	fi
	last_shown=$1
}
progress_end() {
	last_shown=0
	[ ! -t 2 ] || [ -n "$in_lanes" ] || printf '\r\033[K' >&2
}

# advice LOG: what usually helps against what the log says.
advice() {
	case "$(tail -n 40 "$1")" in
	*"no space left"*) echo "The disk is full: $LAB_HOME needs up to 20 GiB while building; LAB_HOME=… puts it elsewhere." ;;
	*"too many open files"*) echo "Raise the kernel's limit: sysctl -w fs.inotify.max_user_instances=512" ;;
	*toomanyrequests* | *"rate limit"*) echo "The image registry limits anonymous pulls: docker login, or LAB_IMAGES=built as root." ;;
	*"dial tcp"* | *"Temporary failure"* | *"i/o timeout"* | *"TLS handshake"*) echo "The network did not answer. Try again: finished steps are not repeated." ;;
	*"signal: killed"* | *"Out of memory"*) echo "Memory ran out: 6 GiB are needed while building." ;;
	*"toolchain not available"* | *"requires go >="*) echo "A newer Go is needed: GOTOOLCHAIN=auto lets Go fetch it." ;;
	*) echo "Run the same command again: finished steps are not repeated. \`lab status\` shows what is there." ;;
	esac
}
