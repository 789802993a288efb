# ---- What plays the steps --------------------------------------------------------------------------------------------
#
# A step is described by these variables, each a jq program over all that is known (what jq calls in them stands below):
#   only_if      what must hold, or the step is left out      rounds         the list that it is repeated for
#   call         the request                                  twin           the same, which must succeed for a refusal to count
#   before after what is looked at around the call            from until     where a walk through pages begins and ends
#   page         the checks on each page                      learn probed   the checks, and what is kept for later steps
# jq works out what to send and judges what came; bash and curl only send.

set -uo pipefail
for tool in curl jq; do
  command -v "$tool" >/dev/null || { echo "this script needs $tool" >&2; exit 4; }
done

folder=$(mktemp -d) || exit 4
boundary="== $RANDOM$RANDOM$RANDOM =="
# A word of this run alone.
letters=abcdefghijklmnopqrstuvwxyz0123456789
MARKER='~'
for _ in 1 2 3 4 5 6 7; do
  MARKER+=${letters:RANDOM % 36:1}
done
export MARKER
: >"$folder/answers"
pending=.

# Runs a jq program on the state. It says a word, hands back the state, and leaves on descriptor 3 what is to be sent.
think() {
  # jq does not read half a surrogate pair: U+FFFD stands in its place.
  sed -E -i 's/\\u([dD][89abAB]..)\\u([dD][c-fC-F]..)/\x01\1\x02\2/g; s/\\u[dD][89a-fA-F]../\\ufffd/g; s/\x01(....)\x02/\\u\1\\u/g' \
    "$folder/answers"
  printf '%s\n' "$contract" "$library" '$state[0] | '"$1"' | hand_over' >"$folder/program.jq"
  if ! jq -j -n -f "$folder/program.jq" --slurpfile state "$folder/state.json" \
    --rawfile answers "$folder/answers" --arg boundary "$boundary" >"$folder/thought"; then
    echo "could not run: jq failed at $place" >&2
    exit 4
  fi
  exec 3<"$folder/thought"
  IFS= read -r said <&3
  IFS= read -r state <&3
  printf '%s\n' "$state" >"$folder/state.json"
  : >"$folder/answers"
  pending=.
}

# Sends what was planned, one request after the other, and keeps the answers.
send() {
  local role index kind line config error refused=
  while read -r role index kind <&3; do
    config=
    while IFS= read -r line <&3 && [[ $line ]]; do
      config+=$line$'\n'
    done
    # Its twin failed: the call would prove nothing.
    [[ $index == "$refused" ]] && continue
    # Servers count time in milliseconds; two writes in the same one would have no order.
    [[ $kind == write ]] && sleep 0.01
    printf '\n%s %s %s\n' "$boundary" "$role" "$index" >>"$folder/answers"
    # The settings go in by a pipe, so that no list of processes shows the token.
    if ! error=$(curl -q -sS -i --globoff --path-as-is --compressed --max-time 30 --suppress-connect-headers \
      -w '%{stderr}%{http_code}' --config - <<<"$config" 2>&1 >>"$folder/answers"); then
      printf '\n%s %s %s\n%s' "$boundary" broken "$index" "${error%???}" >>"$folder/answers"
    fi
    if [[ $role == twin && $error != *2?? ]]; then
      refused=$index
    fi
  done
}

# Begins a step: where it stands, and the checks that it judges.
step() {
  place=$1 operation=$2
  shift 2
  local one list=
  for one in "$@"; do
    list+="${list:+, }\"$one\""
  done
  about="[$list]"
  only_if='empty' rounds='null' names='[]' together=true
  twin='empty' before='empty' call='empty' after='empty' learn='.' probed='.'
  poll='null' every=0 from='null' until='null' direction=forward page='.'
}

# Plays the step: as often as it says. Where no round needs what another answered, all are sent together, and what they
# teach is learned when the next step begins: jq is slow to start.
play() {
  local plan="plan($together; ($twin), ($before), ($call), ($after))"
  local learned="take($poll; $learn; $probed) | $plan"
  think "$pending | begin(\"$operation\"; $about; $names; $only_if; $rounds) | $plan"
  while [[ $said == send || $said == wait ]]; do
    [[ $said == wait ]] && sleep "$every"
    send
    if [[ $together == true ]]; then
      pending=$learned
      return
    fi
    think "$learned"
  done
}

# Walks through the pages of a list.
walk() {
  local plan="plan_page($learn; $call)"
  think "$pending | begin(\"$operation\"; $about; $names; $only_if; null) | walk_from(\"$direction\"; $from; $until) | $plan"
  while [[ $said == send ]]; do
    send
    think "take_page($page) | $plan"
  done
}

# Tells how it ended; deletes what was created, last first, whatever happened.
finish() {
  local code=$? left=
  trap - EXIT
  trap '' INT TERM
  # Who is interrupted has sent what nobody has read yet.
  [[ $pending == . && -s $folder/answers ]] && pending='take(null; .; .)'
  place='the tear-down'
  tear_down
  for _ in 1 2 3; do
    think "$pending | clean_up"
    [[ $said == send ]] || break
    left=$(curl -q -s --config - <&3 | grep -v -e '^2.. ' -e '^404 ')
    [[ $left ]] || break
  done
  [[ $left ]] && printf 'left behind: %s\n' "$left" >&2
  think 'verdict'
  cat <&3
  rm -rf "$folder"
  ((code == 0)) && code=$said
  exit "$code"
}
