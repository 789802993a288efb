# ---- Relations: each answers a list of what is otherwise ----
def number_or_text: type == "number" or type == "string";
def compared($one; $other; holds): if ($one | type) == ($other | type) and ($one | number_or_text) then holds
  elif $other | number_or_text then false else obstacle("\($other | brief) is neither a number nor text") end;
def among($list): . as $item | any($list[]; . == $item);
def has_part($part): if type == "array" then any(.[]; . == $part)
  elif type == "string" and ($part | type) == "string" then $part == "" or (indices($part) | length > 0) else false end;
def lists_hold($have; $want; holds): if ($want | type) != "array" then obstacle("\($want | brief) is not a list")
  elif ($have | type) != "array" then false else holds end;
def in_order($have; $want): reduce $have[] as $one (0;
  if . == null then . else . as $from | [range($from; $want | length) | select($want[.] == $one)]
    | if length > 0 then .[0] + 1 else null end end) != null;
def differences($at; $found; $other): if ($found | type) == "object" and ($other | type) == "object" then
    ($other | keys_unsorted[]) as $name | ($at + "/" + ($name | gsub("~"; "~0") | gsub("/"; "~1"))) as $below
    | if $found | has($name) then differences($below; $found[$name]; $other[$name])
      else {place: $below, told: "missing, expected \($other[$name] | brief)"} end
  elif $found == $other then empty
  else {place: $at, told: "\($found | brief), expected \($other | brief)"} end;
def told: "\(if .place == "" then "it" else .place end) is \(.told)";
def changes($now; $before; $except): [differences(""; $now; $before)
  | select(.place as $place | any($except[]; . as $one | $place == $one or ($place | startswith($one + "/"))) | not) | told];
def lists_told($have; $want): "it has \($have | length) items"
  + (if $have == $want then "" else ", missing \([$want[] | select(among($have) | not)] | brief), surplus \([$have[] | select(among($want) | not)] | brief)" end);
def mismatch($it; $operator; $other): if $operator == "length" then "its length is \($it | if type == "array" or type == "string" then length else 0 end)"
  elif ($it | type) == "array" and ($other | type) == "array" and ($operator == "equals" or $operator == "sameItems") then lists_told($it; $other)
  else "it is \($it | brief)" end;
def stands($it; $operator; $other):
  if $operator == "equals" then $it == $other
  elif $operator == "notEquals" then $it != $other
  elif $operator == "matches" then ($it | type) == "string" and ($it | test($other | plain))
  elif $operator == "atLeast" then compared($it; $other; $it >= $other)
  elif $operator == "atMost" then compared($it; $other; $it <= $other)
  elif $operator == "greaterThan" then compared($it; $other; $it > $other)
  elif $operator == "lessThan" then compared($it; $other; $it < $other)
  elif $operator == "length" then if ($other | type) != "number" then obstacle("\($other | brief) is not a number")
    else ($it | type == "array" or type == "string") and ($it | length) == $other end
  elif $operator == "contains" then $it | has_part($other)
  elif $operator == "excludes" then $it | has_part($other) | not
  elif $operator == "containsAll" then lists_hold($it; $other; all($other[]; among($it)))
  elif $operator == "excludesAll" then lists_hold($it; $other; any($other[]; among($it)) | not)
  elif $operator == "sameItems" then lists_hold($it; $other; ($it | length) == ($other | length) and all($other[]; among($it)) and all($it[]; among($other)))
  elif $operator == "inOrderOf" then lists_hold($it; $other; in_order($it; $other))
  elif $operator == "startOf" then lists_hold($it; $other; ($it | length) <= ($other | length) and $other[:($it | length)] == $it)
  elif $operator == "endOf" then lists_hold($it; $other; ($it | length) <= ($other | length) and $other[(($other | length) - ($it | length)):] == $it)
  else obstacle("`\($operator)` is not a relation") end;
def related($it; $operator; $other; $except):
  if $operator == "unchangedSince" then changes($it; $other; $except)
  elif $operator == "conforms" then [$it | violations($other; "")]
  elif stands($it; $operator; $other) then []
  elif $operator == "equals" and ($it | type) == "object" and ($other | type) == "object" then
    [differences(""; $it; $other) | told] + ([$it | keys_unsorted[] | select(in($other) | not)] | if length > 0 then ["it also has \(join(", "))"] else [] end)
  else [mismatch($it; $operator; $other)] end;
# A part of the answer that is missing is a mismatch; a captured value that is missing says nothing about this answer.
def relate(that; $operator; other; $except; $captured): other as $other
  | (try {it: that} catch {missing: reason}) as $found
  | if $operator == "exists" then
      if $other == false then (if $found | has("it") then ["it is \($found.it | brief)"] else [] end)
      else (if $found | has("it") then [] else [$found.missing.why] end) end
    elif $found | has("it") then related($found.it; $operator; $other; $except)
    elif $captured then error($found.missing)
    else [$found.missing.why] end;
def holds(that; $operator; other): relate(that; $operator; other; []; false);
def holds_captured(that; $operator; other): relate(that; $operator; other; []; true);
def unchanged_since(that; other; $except): relate(that; "unchangedSince"; other; $except; false);
def unchanged_captured(that; other; $except): relate(that; "unchangedSince"; other; $except; true);

# ---- Checks ----
def status_is($statuses): answered | if .status | is_status($statuses) then [] else ["status \(.status), body \(.text | brief)"] end;
def only_status($statuses; judged): status as $status | if $status | is_status($statuses) then judged
  else error({why: "it is about status \($statuses | join(" or ")), and \($status) came", passed: true}) end;
def only_if(conditions; judged): (if .walk then . else answered end) as $_ | ([conditions | .[]] | first) as $unmet
  | if $unmet then error({why: "its condition does not hold: \($unmet)", passed: true}) else judged end;
def judge($place; mismatches): .round as $round
  | (try {all: mismatches} catch {reason: reason}) as $result
  | .checks[$place] |= (if $result | has("all") then .judged += 1 | .mismatches += [$result.all[] | ($round // "") + .]
    elif $result.reason.passed then .passed_over = $result.reason.why
    else .unjudged |= (. // $result.reason) end);
# Who gets no answer gets no good one.
def check($place; mismatches): judge($place; if .response.trouble then ["no answer: \(.response.trouble)"] else mismatches end);
def keep($name; value): (try {value: value} catch {reason: reason}) as $result
  | if $result | has("reason") then .missing[$name] = $result.reason
    elif .looped then .outputs[$name] += [$result.value]
    else .outputs[$name] = $result.value | del(.missing[$name]) end;
def seen($response): if $response.trouble then obstacle("the probe got no answer: \($response.trouble)")
  elif $response.status == 404 then null
  elif $response.status | is_status(["2XX"]) | not then obstacle("the probe was answered \($response.status)")
  elif $response.json | not then obstacle("the answer to the probe is not JSON") else {body: $response.body} end;
def unchanged: seen(.before) as $before | seen(.after) as $after
  | if $before == null then obstacle("there was nothing to look at before the request")
    elif $after == null then ["it was there, and now it is a 404"]
    else changes($after.body; $before.body; []) + [($after.body | objects | keys_unsorted[]) as $name
      | select($before.body | has($name) | not) | "/\($name) is new"] end;
def absent($at; text): (text | plain) as $text | (seen(.after) // {}).body as $body | ($body | try pointed($at) catch null) | list_or("the list has no items")
  | [.[] | select(any(.. | strings; has_part($text))) | "\(tojson) has \($text | tojson) in it"];

