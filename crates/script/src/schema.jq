# ---- JSON Schema: everything that a value has against it ----
def is_kind($kind): if $kind == "integer" then type == "number" and . == floor else type == $kind end;
def below($at; $token): "\($at)/\($token | tostring | gsub("~"; "~0") | gsub("/"; "~1"))";
def formats: {
  "date": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "time": "^[0-9]{2}:[0-9]{2}:[0-9]{2}",
  "date-time": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
  "uuid": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", "email": "^[^@\\s]+@[^@\\s]+$",
  "ipv4": "^([0-9]{1,3}[.]){3}[0-9]{1,3}$", "uri": "^[A-Za-z][A-Za-z0-9+.-]*:" };
def violations($s; $at): . as $it | def wrong($what): "\($at) \($it | brief): \($what)";
  if $s == true then empty elif $s == false then wrong("not allowed")
  elif $s | type != "object" then obstacle("the schema is wrong: \($s | brief)") else
    (if $s["$ref"] then if schemas | has($s["$ref"]) then violations(schemas[$s["$ref"]]; $at)
      else obstacle("the schema `\($s["$ref"])` is not known") end else empty end),
    (if $s | has("type") then [$s.type] | flatten as $kinds | if any($kinds[]; . as $kind | $it | is_kind($kind)) then empty
      else wrong("expected \($kinds | join(" or "))") end else empty end),
    (if ($s | has("const")) and $it != $s.const then wrong("expected \($s.const | brief)") else empty end),
    (if ($s | has("enum")) and (any($s.enum[]; . == $it) | not) then wrong("expected one of \($s.enum | brief)") else empty end),
    ($s.allOf // [] | .[] | . as $one | $it | violations($one; $at)),
    (if $s.anyOf and all($s.anyOf[]; . as $one | [$it | violations($one; $at)] | length > 0) then wrong("none of anyOf fits") else empty end),
    (if $s.oneOf and ([$s.oneOf[] | . as $one | select([$it | violations($one; $at)] == [])] | length != 1) then wrong("not exactly one of oneOf fits") else empty end),
    (if ($s | has("not")) and [violations($s.not; $at)] == [] then wrong("`not` fits") else empty end),
    (if $s | has("if") then if [violations($s.if; $at)] == [] then (if $s | has("then") then violations($s.then; $at) else empty end)
      else (if $s | has("else") then violations($s.else; $at) else empty end) end else empty end),
    (if type == "string" then
      (if $s.minLength and length < $s.minLength then wrong("\(length) characters; at least \($s.minLength) needed") else empty end),
      (if $s.maxLength and length > $s.maxLength then wrong("\(length) characters; at most \($s.maxLength) allowed") else empty end),
      (if $s.pattern and (test($s.pattern) | not) then wrong("expected a match of \($s.pattern)") else empty end),
      (formats[$s.format // ""] as $form | if $form and (test($form) | not) then wrong("expected a \($s.format)") else empty end)
    elif type == "number" then
      (if $s.minimum != null and . < $s.minimum then wrong("at least \($s.minimum) needed") else empty end),
      (if $s.maximum != null and . > $s.maximum then wrong("at most \($s.maximum) allowed") else empty end),
      (if $s.exclusiveMinimum != null and . <= $s.exclusiveMinimum then wrong("more than \($s.exclusiveMinimum) needed") else empty end),
      (if $s.exclusiveMaximum != null and . >= $s.exclusiveMaximum then wrong("less than \($s.exclusiveMaximum) needed") else empty end),
      (if $s.multipleOf and (. / $s.multipleOf | . != floor) then wrong("expected a multiple of \($s.multipleOf)") else empty end)
    elif type == "array" then
      (if $s.minItems and length < $s.minItems then wrong("at least \($s.minItems) items needed") else empty end),
      (if $s.maxItems and length > $s.maxItems then wrong("at most \($s.maxItems) items allowed") else empty end),
      (if $s.uniqueItems == true and (unique | length) != length then wrong("an item is there twice") else empty end),
      ($s.prefixItems // [] | length as $first | (range([$first, ($it | length)] | min) as $index | .[$index] as $one | $it[$index] | violations($one; below($at; $index))),
        (if $s | has("items") then range($first; $it | length) as $index | $it[$index] | violations($s.items; below($at; $index)) else empty end)),
      (if $s | has("contains") then [.[] | select([violations($s.contains; $at)] == [])] | length as $count
        | if $count < ($s.minContains // 1) or $count > ($s.maxContains // $count) then $it | wrong("contains \($count) of what it should") else empty end else empty end)
    elif type == "object" then
      ($s.required // [] | .[] | select(in($it) | not) | "\($at) lacks the required property \(tojson)"),
      (if $s.minProperties and length < $s.minProperties then wrong("at least \($s.minProperties) members needed") else empty end),
      (if $s.maxProperties and length > $s.maxProperties then wrong("at most \($s.maxProperties) members allowed") else empty end),
      ($s.dependentRequired // {} | to_entries[] | select(.key | in($it)) | .value[] | select(in($it) | not) | "\($at) lacks the required property \(tojson)"),
      ($s.dependentSchemas // {} | to_entries[] | select(.key | in($it)) | .value as $one | $it | violations($one; $at)),
      (keys_unsorted[] as $name | below($at; $name) as $place
        | (if $s | has("propertyNames") then $name | violations($s.propertyNames; $place) else empty end),
          [($s.properties // {} | select(has($name)) | .[$name]), ($s.patternProperties // {} | to_entries[] | select(.key as $form | $name | test($form)) | .value)] as $own
        | ($own[] as $one | $it[$name] | violations($one; $place)),
          (if $own == [] and ($s | has("additionalProperties")) then $it[$name] | violations($s.additionalProperties; $place) else empty end))
    else empty end)
  end;
def rule_for($status): [.[] | select(.status == "default" or (.status as $one | $status | is_status([$one])))]
  | sort_by(if .status == "default" then 2 elif .status | endswith("XX") then 1 else 0 end) | .[0];
def documented: operations[.step.operation] as $rules | answered | . as $answer | .status as $status
  | ($rules.responses | rule_for($status)) as $rule
  | if $rule == null or ($rule.status == "default" and $status < 400) then ["status \($status) is not documented"]
    elif $rule.status == "default" then obstacle("status \($status) came, whose body the documents leave open")
    elif $rule.schema == null then if .text == "" then [] else ["\($status) has no body; \(.text | utf8bytelength) bytes were sent"] end
    else ([.headers[] | select(.[0] == "content-type") | .[1]] | .[0]) as $type
      | (if $type // "" | test("^\\s*application/json\\s*(;|$)"; "i") then [] else ["header.content-type is \($type // "missing"); expected `application/json`"] end)
      + (if .json then [.body | violations({"$ref": $rule.schema}; "body")] else ["body is not valid JSON: \(.text | brief)"] end) end;
