# ---- Why something cannot be said ----
def obstacle($why): error({why: $why});
def reason: if type == "object" and has("why") then . else {why: tostring} end;
def brief: tojson | if length > 60 then .[:60] + "…" else . end;

# Notes that checks could not be judged.
def could_not($about; $why): reduce $about[] as $one (.; .checks[$one].unjudged |= (. // $why));
# Nothing more comes of this step, nor of what it was to capture.
def stop($why): could_not(.step.about; $why) | .step.stopped = $why | reduce .step.names[] as $name (.; .missing[$name] = $why);

# ---- Values; all of them are worked out from the state ----
def plain: if type == "string" then . else tojson end;
def pointed($pointer): reduce ($pointer | split("/")[1:][] | gsub("~1"; "/") | gsub("~0"; "~")) as $token (.;
  if type == "object" and has($token) then .[$token]
  elif type == "array" and ($token | test("^(0|[1-9][0-9]*)$")) and ($token | tonumber) < length then .[$token | tonumber]
  else obstacle("nothing is at \($pointer)") end);
def output($name): .missing[$name] as $missing | .outputs as $outputs
  | if $missing then error($missing) elif $outputs | has($name) then $outputs[$name]
    else obstacle("`\($name)` was not captured") end;
def answered: .response as $response | if $response == null then obstacle("nothing was sent")
  elif $response.trouble then obstacle("there was no answer: \($response.trouble)") else $response end;
def status: answered | .status;
def text: answered | .text;
def body: answered | if .json then .body else obstacle("the body is not JSON") end;
def header($name): answered | [.headers[] | select(.[0] == $name) | .[1]]
  | if length > 0 then .[0] else obstacle("there is no header field `\($name)`") end;
def request_body: if .request.body == null then obstacle("the request had no JSON body") else .request.body | fromjson end;
def item: if .looped then .item else obstacle("there is no item") end;
def index_: if .looped then .index else obstacle("there is no index") end;
def marker: env.MARKER;
def items_of($body): operations[.step.operation].items as $at | $body | try pointed($at) catch null;
def ids_in($body): operations[.step.operation].id as $id | [items_of($body) | arrays | .[]
  | if type == "object" and (.[$id] | type) == "string" then .[$id] else "" end];
def mine($ids): [.own[] | .id] as $own | [$ids[] | select(. as $id | any($own[]; . == $id))];
def response_ids: body as $body | ids_in($body);
def response_count: response_ids | length;
def response_own: mine(response_ids);
def walked: if .walk == null then obstacle("nothing was walked") else .walk end;
def walk_ids: walked | .ids;
def walk_own: mine(walk_ids);
def walk_pages: walked | .pages;
def walk_count: walk_ids | length;
def walk_largest: walked | .largest;
def walk_false_ends: walked | .false_ends;
def walk_end: walked | .end;
def list_or($why): if type == "array" then . else obstacle($why) end;
def reversed(list): list | list_or("what is reversed must be a list") | reverse;
def item_at(list; index): index as $index | list | list_or("only a list has items")
  | (if $index < 0 then length + $index else $index end) as $at
  | if $at >= 0 and $at < length then .[$at] else obstacle("a list of \(length) has no item \($index)") end;
def find(list; wanted): wanted as $wanted | list | list_or("only in a list something can be found")
  | [.[] | . as $item | select(type == "object" and all($wanted | to_entries[]; . as $one | $item | has($one.key) and .[$one.key] == $one.value))]
  | if length > 0 then .[0] else obstacle("none of the objects is the one that is looked for") end;
def boundary_of($edges; edge; of): (edge | plain) as $edge | $edges[$edge] as $bound
  | if $bound == null then obstacle("`\($edge)` is no edge here")
    elif $bound | has("number") then $bound.number
    else (of | plain) as $of | if $bound.length == 0 or $of == "" then ""
      else ($of * ($bound.length / ($of | length) | ceil))[:$bound.length] end end;
def is_status($statuses): tostring as $found | any($statuses[]; . as $one | $found == $one or ($one | endswith("XX")) and $found[:1] == $one[:1]);
# Whether an id can stand in a path without becoming another path.
def safe: type == "string" and . != "" and . != "." and . != ".." and (test("[/\\x00-\\x1f\\x7f]") | not);
