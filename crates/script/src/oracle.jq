# ---- What holds in all answers: judged by what is known of the objects that this script created ----
def broken($rule; $mismatches): oversight[$rule] as $place | if $place == null or $mismatches == [] then .
  else .checks[$place].mismatches += $mismatches end;
def known_members($operation; $now; $before): operations[$operation].documented as $names
  | changes($now; $before | with_entries(select(.key as $name | any($names[]; . == $name))); []);
def oversee_list($sent; $body): operations[$sent.operation] as $rules
  | ($body | try pointed($rules.items) catch null) as $items
  | if $items | type != "array" then . else . as $state
    | [$items[] | if type == "object" and (.[$rules.id] | type) == "string" then .[$rules.id] else "" end] as $ids
    | mine($ids) as $mine | [.own[] | .id] as $own
    | broken("once"; [$ids | group_by(.)[] | select(length > 1 and .[0] != "") | "\(.[0]) is on the page twice"])
    | ([$sent.target | split("?")[1] // "" | split("&")[] | split("=") | select(.[0] == $rules.limit) | .[1] | select(test("^[0-9]+$")) | tonumber | select(. > 0)][:1]
        + [$rules.most | numbers] | min) as $most
    | broken("limit"; if $most != null and ($items | length) > $most then ["a page of at most \($most) holds \($items | length)"] else [] end)
    | ([$mine[] as $id | $own | index($id)] | if $rules.newest_first then reverse else . end) as $places
    | broken("order"; if $places == ($places | sort) then [] else ["the own objects are in the order \($mine | join(", "))"] end)
    | broken("gone"; [$mine[] | select($state.known[.] == "gone") | "\(.) was deleted, and the list shows it"])
    | reduce range($ids | length) as $at (.; ($state.known[$ids[$at]] | objects) as $known
      | broken("same"; known_members($sent.operation; $items[$at]; $known) | map("\($ids[$at]): \(.)"))) end;
def oversee_one($sent; $body): operations[$sent.operation] as $rules | $sent.id as $id | .known[$id] as $before
  | if $rules.action == "delete" then .known[$id] = "gone" else
      ($body | objects | .[$rules.id]) as $found
      | broken("id"; if ($found | type) == "string" and $found != $id then ["the answer has the id \($found), asked for was \($id)"] else [] end)
      | if $rules.action == "update" then .known[$id] = (if $body | type == "object" then $body else "unclear" end)
        elif $before | type == "object" then broken("same"; known_members($sent.operation; $body; $before))
        else .known[$id] = ($before // "unclear") end end;
def overseen($sent; $response): operations[$sent.operation] as $rules | ($response.status // 0) as $status
  | ($sent.id as $id | any(.own[]; .id == $id)) as $own
  | if $response.trouble or $status >= 500 then
      if $own and ($rules.action == "update" or $rules.action == "delete") then .known[$sent.id] = "unclear" else . end
    else ($status | is_status(["2XX"])) as $done
      | (if $own and $done and .known[$sent.id] == "gone" then broken("gone"; ["\($sent.id) was deleted, and this was answered with success"]) else . end)
      | if $done | not then . elif $rules.action == "list" then oversee_list($sent; $response.body)
        elif $rules.action == "create" then ($response.body | objects | .[$rules.id]) as $id | if $id | safe then .known[$id] = $response.body else . end
        elif $own then oversee_one($sent; $response.body) else . end end;
