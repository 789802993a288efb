# ---- Requests ----
def escaped: plain | @uri;
def quoted: "\"" + (split("\\") | join("\\\\") | split("\"") | join("\\\"") | split("\n") | join("\\n")
  | split("\r") | join("\\r") | split("\t") | join("\\t")) + "\"";
def second_token: env.SECOND_TOKEN;
def request($operation; arguments; body; options): operations[$operation] as $rules
  | arguments as $arguments | options as $options | [body] as $body | . as $state
  | (reduce ($arguments | to_entries[]) as $one ($rules.path; split("{\($one.key)}") | join($one.value | escaped))) as $path
  | ([$arguments | to_entries[] | select(.key | in($rules.query)) | "\(.key | @uri)=\(.value | escaped)"] + [$options.query | strings] | join("&")) as $query
  | ($options.method // $rules.method) as $method
  | if any($rules.names[]; in($arguments) | not) then obstacle("a path parameter is missing") else . end
  | ($rules.names | map($arguments[.] | plain)) as $ids
  # What this script did not create or make up, it does not touch.
  | if ($method | in({GET: 1, HEAD: 1, OPTIONS: 1, POST: 1}) | not)
      and ($ids[0] as $id | any(($state.own[] | .id), $state.unknown[]; . == $id) | not)
    then obstacle("not sent: \($method) \($path) could touch what this script did not create") else . end
  | { operation: ($options.means // $operation), method: $method, id: $ids[0], second: ($options.second // false),
      target: ($path + (if $query == "" then "" else "?" + $query end)), secured: $rules.secured,
      body: (if $options | has("body") then $options.body elif $body | length > 0 then $body[0] | tojson else null end),
      authorization: $options.authorization, headers: ($options.headers // []) };
def as_role($role): .role = $role;
def with_query($name; $value): .target += (if .target | contains("?") then "&" else "?" end) + "\($name | @uri)=\($value | escaped)";
def bearer: "Bearer " + (if .second then second_token else env.TOKEN end);
def fields: . as $request | {accept: "application/json"}
  + (if .secured then {authorization: bearer} else {} end)
  + (if .body != null then {"content-type": "application/json"} else {} end)
  + (if .authorization == "" then {authorization: null} elif .authorization then {authorization: .authorization} else {} end)
  + ([.headers[] | {key: .[0], value: .[1]}] | from_entries)
  | to_entries[] | if .value == null then "\(.key):" elif .value == "" then "\(.key);" else "\(.key): \(.value)" end;
def settings: "url = \(env.BASE_URL + .target | quoted)\n"
  + (if .method == "HEAD" then "head\n" else "request = \(.method | quoted)\n" end)
  + ([fields, "expect:" | "header = \(quoted)\n"] | join(""))
  + (if .body != null then "data-raw = \(.body | quoted)\n" else "" end);
def writes: operations[.operation].action as $action | $action == "create" or $action == "update";
def wire($index): "\(.role) \($index) \(if writes then "write" else "read" end)\n\(settings)\n";

# ---- Steps ----
def begin($operation; $about; $names; conditions; rounds):
  .step = {operation: $operation, about: $about, names: $names, next: 0, rounds: 1, attempts: 0, stopped: null}
  | .response = null | .request = null | .walk = null | .looped = false | .index = null | .item = null | .round = null
  | . as $state
  | try (([conditions | .[]] | first) as $unmet
      | if $unmet then error({why: "its condition does not hold: \($unmet)", passed: true}) else . end
      | rounds as $rounds
      | if $rounds == null then . else .looped = true | .step.items = $rounds | .step.rounds = ($rounds | length)
          | reduce $names[] as $name (.; .outputs[$name] = [] | del(.missing[$name])) end)
    catch (reason as $why | $state | stop($why));
def round_at($index): if .looped then .index = $index | .item = .step.items[$index]
  | .round = "for \(.item | brief): " else . end;
def plan($together; requests): if .step.again then .step.next -= 1 | .step.again = false else . end
  | reduce range(.step.next; if $together then .step.rounds else [.step.next + 1, .step.rounds] | min end) as $index
      (.plan = ""; if .step.stopped then . else round_at($index)
        | (try {all: [requests]} catch {reason: reason}) as $planned
        | if $planned.reason then .step.failed = $planned.reason | .step.stopped = $planned.reason
          else reduce $planned.all[] as $one (.; .sent["\($one.role) \($index)"] = $one)
            | .plan += ([$planned.all[] | wire($index)] | join("")) | .step.next = $index + 1 end end)
  | if .plan != "" then .say = (if .step.attempts > 0 then "wait" else "send" end)
    else .say = "done" | if .step.failed then stop(.step.failed) else . end end;
def parsed: . as $text | try ($text | fromjson | if . == null and ($text | test("^\\s*null\\s*$") | not) then error else {json: true, body: .} end)
  catch {json: false, body: null};
# What an answer says; curl writes the header of each answer that came, also of those in between.
def response: split("\r\n\r\n") | until((.[0] | test("^HTTP/[0-9.]+ 1[0-9][0-9]") | not) or length < 2; .[1:])
  | (.[0] | split("\r\n")) as $head | (.[1:] | join("\r\n\r\n")) as $text
  | {status: ($head[0] | split(" ")[1] // "0" | tonumber), text: $text,
      headers: [$head[1:][] | split(":") | [(.[0] | ascii_downcase), (.[1:] | join(":") | ltrimstr(" "))]]} + ($text | parsed);
def replies: $answers | split("\n\($boundary) ")[1:] | map(split("\n") | (.[0] | split(" ")) as $head
    | {role: $head[0], index: ($head[1] | tonumber), text: (.[1:] | join("\n"))})
  | . as $all | range(length) | . as $at | $all[$at] | select(.role != "broken")
  | .response = (if $all[$at + 1].role == "broken" then {trouble: $all[$at + 1].text} else .text | response end) | del(.text);
# Notes what an answer created, so that it is deleted.
def book($sent; $response): operations[$sent.operation] as $rules
  | if $rules.action == "create" and ($response.status // 0 | is_status(["2XX"])) then
      ($response.body | objects | .[$rules.id]) as $id
      | if $id | safe then .own += [{id: $id, delete: $rules.delete, second: $sent.second}] else . end
    else . end | overseen($sent; $response);
def take(poll; learn; probed): reduce replies as $reply (.; .sent["\($reply.role) \($reply.index)"] as $sent
    | book($sent; $reply.response) | round_at($reply.index)
    | if $reply.role == "twin" then if $reply.response.status // 0 | is_status(["2XX"]) then .
        else could_not(.step.about; {why: "its twin, which should succeed, was answered \($reply.response.status // $reply.response.trouble)"}) end
      elif $reply.role == "before" then .before = $reply.response
      elif $reply.role == "after" then .after = $reply.response | probed
      else .request = $sent | .response = $reply.response | .step.attempts += 1 | poll as $poll
        | if $poll != null and .step.attempts < $poll.attempts
            and ((try [$poll.unmet | .[]] catch ["not yet"]) | length > 0) then .step.again = true
          else .step.attempts = 0 | learn end end)
  | .sent = {};

# ---- Walks ----
def walk_from($direction; from; until): if .step.stopped then . else . as $state | try (
    (from | if . == null then null else plain end) as $from
    | (until | if . == null then [] elif type == "array" then map(plain) else [plain] end) as $until
    | .walk = {direction: $direction, cursor: $from, until: $until, ids: [], pages: 0, largest: 0, false_ends: 0, promised: null, end: null})
  catch (reason as $why | $state | stop($why)) end;
def turned($reply): .walk as $walk | operations[.step.operation] as $rules
  | (if ($reply.status // 0 | is_status(["2XX"])) and $reply.json then items_of($reply.body) else null end) as $items
  | if $items | type != "array" then .walk.end = "no-page" else
      ids_in($reply.body) as $ids
      | ($reply.body as $body | $rules.more as $more | try ($body | pointed($more) | if type == "boolean" then . else null end) catch null) as $more
      | .walk.ids = (if $walk.direction == "forward" then $walk.ids + $ids else $ids + $walk.ids end)
      | .walk.largest = ([$walk.largest, ($ids | length)] | max)
      | .walk.false_ends += (if $walk.promised == false and ($ids | length > 0) then 1 else 0 end)
      | .walk.promised = $more
      | .walk.cursor = (if $walk.direction == "forward" then $ids[-1:][0] else $ids[0] end)
      | .walk.ids as $seen
      | .walk.end = (if .walk.cursor == null then if $walk.promised == true or $more == true then "empty-page" else "no-more" end
          elif ($walk.until | length > 0) and all($walk.until[]; among($seen)) then "seen"
          elif $walk.until == [] and $more == false then "no-more"
          elif .walk.cursor == $walk.cursor then "going-round" else null end) end;
def take_page(judged): reduce replies as $reply (.; .sent["page 0"] as $sent | book($sent; $reply.response)
  | .walk.pages += 1 | .round = "page \(.walk.pages): " | .request = $sent | .response = $reply.response
  | judged | turned($reply.response) | .round = null);
def plan_page(learn; request): operations[.step.operation] as $rules
  | if .walk.end == null and (.walk.pages // 0) >= 1000 then if .walk.until == [] then stop({why: "the list does not end within 1000 pages", passed: true})
      else .walk.end = "too-long" end else . end
  | if .step.stopped then .say = "done"
    elif .walk.end then learn | .say = "done"
    else (if .walk.direction == "forward" then $rules.after else $rules.before end) as $cursor
      | (try {one: (.walk.cursor as $at | request | if $at == null then . else with_query($cursor; $at) end | as_role("page"))} catch {reason: reason}) as $planned
      | if $planned.reason then stop($planned.reason) | .say = "done"
        else .sent["page 0"] = $planned.one | .plan = ($planned.one | wire(0)) | .say = "send" end end;

# ---- The end ----
def clean_up: . as $state | .plan = ([.own | reverse[] | operations[.delete] as $rules | . as $one
    | select($rules != null)
    | {second: .second, method: $rules.method, target: ($rules.path | sub("\\{[^}]*\\}"; $one.id | @uri))}
    | "url = \(env.BASE_URL + .target | quoted)\nrequest = \(.method | quoted)\nheader = \("authorization: " + bearer | quoted)\noutput = \"/dev/null\"\ngloboff\nmax-time = 30\nwrite-out = \"%{http_code} %{url_effective}\\n\"\n"]
  | join("next\n"))
  | .say = (if .plan == "" then "done" else "send" end);
def verdict: .say = (if any(.checks[]; .mismatches | length > 0) then "1"
    elif any(.checks[]; (.unjudged | . != null and (.passed | not)) or .judged == 0 and .passed_over == null and .unjudged == null and .oversight != true) then "4" else "0" end)
  | .plan = ([.checks | to_entries[] | .key as $place | .value | . as $one
    | (if .mismatches | length > 0 then "FAIL  "
       elif .unjudged and (.unjudged.passed | not) then "COULD NOT RUN  " elif .judged > 0 or .oversight then "ok  "
       elif .passed_over or .unjudged then "not applicable  " else "COULD NOT RUN  " end)
    + ($one.requirements | map(.id) | join(", ")) + "  \($place)\n"
    + (if .mismatches | length > 0 then ([$one.requirements[] | "  \(.statement)\n"] | join(""))
        + "  expected: \(.expected)\n" + ([.mismatches[:5][] | "  found: \(.)\n"] | join(""))
       elif .unjudged then "  \(.unjudged.why)\n" elif .judged == 0 and .passed_over then "  \(.passed_over)\n" else "" end)] | join(""));
def hand_over: "\(.say // "done")\n\(del(.plan, .say) | tojson)\n\(.plan // "")";
