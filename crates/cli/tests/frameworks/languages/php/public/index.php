<?php
declare(strict_types=1);

const USER = 'bed';
const PASSWORD = 'c0rrect-horse';

function mode(string ...$m): bool { return in_array((string) getenv('BED_MODE'), $m, true); }

ini_set('serialize_precision', '-1');
date_default_timezone_set('UTC');
set_error_handler(function ($no, $msg, $file, $line) { throw new ErrorException($msg, 0, $no, $file, $line); });

final class HttpError extends Exception
{
    public function __construct(public int $status, string $message, public array $errors = [], public array $headers = [])
    {
        parent::__construct($message);
    }
}

final class Db
{
    private static ?PDO $pdo = null;
    private static ?PDO $list = null;

    public static function path(): string { return (string) getenv('BED_DB'); }

    public static function open(string $path): PDO
    {
        $p = new PDO('sqlite:' . $path);
        $p->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
        $p->setAttribute(PDO::ATTR_DEFAULT_FETCH_MODE, PDO::FETCH_ASSOC);
        $p->exec('PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON');
        return $p;
    }

    public static function pdo(): PDO { return self::$pdo ??= self::open(self::path()); }

    /** the connection lists read from (a copy of up to 300 ms ago in the variant list_behind) */
    public static function lists(): PDO
    {
        if (!mode('list_behind')) return self::pdo();
        $copy = self::path() . '.copy';
        clearstatcache();
        if (!file_exists($copy) || microtime(true) - (float) file_get_contents("$copy.at") > 0.3) {
            copy(self::path(), $copy);
            file_put_contents("$copy.at", (string) microtime(true));
        }
        return self::$list ??= self::open($copy);
    }

    public static function all(string $sql, array $args = [], ?PDO $on = null): array
    {
        $st = ($on ?? self::pdo())->prepare($sql);
        foreach (array_values($args) as $i => $v) {
            $st->bindValue($i + 1, $v, is_int($v) ? PDO::PARAM_INT : (is_null($v) ? PDO::PARAM_NULL : PDO::PARAM_STR));
        }
        $st->execute();
        return $st->fetchAll();
    }

    public static function one(string $sql, array $args = [], ?PDO $on = null): ?array { return self::all($sql, $args, $on)[0] ?? null; }

    public static function insert(string $table, array $row): int
    {
        if (mode('big_ids')) $row['id'] = 1 + random_int(1, 997) + (int) self::one("SELECT max(max(id), 800000) m FROM (SELECT id FROM $table UNION ALL SELECT 0)")['m'];
        $cols = implode(',', array_keys($row));
        $qs = implode(',', array_fill(0, count($row), '?'));
        self::all("INSERT INTO $table ($cols) VALUES ($qs)", array_values($row));
        return (int) self::pdo()->lastInsertId();
    }

    public static function update(string $table, array $row, string $where, array $args): void
    {
        $set = implode(',', array_map(fn ($k) => "$k=?", array_keys($row)));
        self::all("UPDATE $table SET $set WHERE $where", array_merge(array_values($row), $args));
    }
}

// ---------------------------------------------------------------- input

/** TrimStrings and ConvertEmptyStringsToNull */
function clean(mixed $v): mixed
{
    if (is_array($v)) return array_map('clean', $v);
    if (!is_string($v)) return $v;
    if (!mode('text_not_trimmed')) $v = preg_replace('~^[\s\x{FEFF}\x{200B}\x{200E}]+|[\s\x{FEFF}\x{200B}\x{200E}]+$~u', '', $v) ?? trim($v);
    return $v === '' && !mode('empty_text_not_null') ? null : $v;
}

function input(): array
{
    static $in = null;
    if ($in !== null) return $in;
    $type = strtolower(trim(explode(';', $_SERVER['CONTENT_TYPE'] ?? '')[0]));
    $raw = (string) file_get_contents('php://input');
    $in = [];
    if ($type === 'application/json' || str_ends_with($type, '+json')) {
        $in = json_decode($raw, true, 100, mode('malformed_json_500') ? JSON_THROW_ON_ERROR : 0);
        if (!is_array($in) || ($in !== [] && array_is_list($in))) $in = [];
    } elseif ($type === 'application/x-www-form-urlencoded') {
        parse_str($raw, $in);
    } elseif ($type === 'multipart/form-data') {
        $in = $_POST;
    }
    $bad = false;
    array_walk_recursive($in, function ($v) use (&$bad) { if (is_string($v) && !mb_check_encoding($v, 'UTF-8')) $bad = true; });
    if ($bad) throw new HttpError(400, 'Malformed UTF-8 characters, possibly incorrectly encoded');
    return $in = clean($in);
}

final class Validator
{
    public array $errors = [];
    public array $known = [];
    public array $out = [];

    public function __construct(private array $in) {}

    public function fail(string $k, string $msg): void { $this->errors[$k][] = $msg; }

    private function label(string $k): string { return str_replace('_', ' ', $k); }

    private function get(string $k, bool $required, bool $nullable, mixed $default): mixed
    {
        $this->known[] = $k;
        if (!array_key_exists($k, $this->in)) {
            if ($required) $this->fail($k, "The {$this->label($k)} field is required.");
            else $this->out[$k] = $default;
            return null;
        }
        $v = $this->in[$k];
        if ($v === null) {
            if ($required) $this->fail($k, "The {$this->label($k)} field is required.");
            elseif (!$nullable) $this->fail($k, "The {$this->label($k)} field must not be empty.");
            else $this->out[$k] = null;
        }
        return $v;
    }

    public function text(string $k, int $max, bool $required = false, bool $nullable = false, ?string $re = null): void
    {
        $v = $this->get($k, $required, $nullable, null);
        if ($v === null) return;
        if (!is_string($v)) { $this->fail($k, "The {$this->label($k)} field must be a string."); return; }
        if (mode('name_limit_in_bytes') && $k === 'name' ? strlen($v) > $max : mb_strlen($v) > $max) { $this->fail($k, "The {$this->label($k)} field must not be greater than $max characters."); return; }
        if ($required && $v === '') { $this->fail($k, "The {$this->label($k)} field is required."); return; }
        if ($re !== null && !preg_match($re, $v)) { $this->fail($k, "The {$this->label($k)} field format is invalid."); return; }
        if (mode('text_cut_at_emoji')) $v = preg_replace('/[\x{10000}-\x{10FFFF}].*$/us', '', $v);
        $this->out[$k] = $v;
    }

    public function choice(string $k, array $vals, string $default): void
    {
        $v = $this->get($k, false, false, $default);
        if ($v === null) return;
        if (!in_array($v, $vals, true)) { $this->fail($k, "The selected {$this->label($k)} is invalid."); return; }
        $this->out[$k] = $v;
    }

    public static function int(mixed $v): ?int
    {
        if (is_int($v)) return $v;
        if (is_float($v) && floor($v) === $v && abs($v) < 9.0e15) return (int) $v;
        if (is_string($v) && preg_match('/^(0|-?[1-9][0-9]{0,18})$/', $v)) { $n = filter_var($v, FILTER_VALIDATE_INT); return $n === false ? null : $n; }
        return null;
    }

    public function integer(string $k, int $min, int $max, ?int $default, bool $nullable = false): void
    {
        $v = $this->get($k, false, $nullable, $default);
        if ($v === null) return;
        $n = self::int($v);
        if ($n === null) { $this->fail($k, "The {$this->label($k)} field must be an integer."); return; }
        if ($n < $min || $n > $max) { $this->fail($k, "The {$this->label($k)} field must be between $min and $max."); return; }
        $this->out[$k] = $n;
    }

    public function boolean(string $k, bool $default): void
    {
        $v = $this->get($k, false, false, (int) $default);
        if ($v === null) return;
        if (mode('form_false_is_true') && is_string($v)) { $this->out[$k] = (int) (bool) $v; return; }
        if (in_array($v, [true, 1, '1', 'true'], true)) $this->out[$k] = 1;
        elseif (in_array($v, [false, 0, '0', 'false'], true)) $this->out[$k] = 0;
        else $this->fail($k, "The {$this->label($k)} field must be true or false.");
    }

    public function decimal(string $k, int $digits): void
    {
        $v = $this->get($k, false, false, '0.00');
        if ($v === null) return;
        $s = is_int($v) || is_float($v) ? (string) $v : $v;
        if (!is_string($s) || !preg_match('/^([0-9]{1,12})(?:\.([0-9]{1,2}))?$/D', $s, $m)) { $this->fail($k, "The {$this->label($k)} field must have 0-2 decimal places."); return; }
        $whole = ltrim($m[1], '0');
        if (strlen($whole) > $digits) { $this->fail($k, "The {$this->label($k)} field is too large."); return; }
        $r = ($whole === '' ? '0' : $whole) . '.' . str_pad($m[2] ?? '', 2, '0');
        if (mode('budget_through_float') && $k === 'budget') $r = sprintf('%.2f', ((int) ((float) $r * 100)) / 100);
        $this->out[$k] = $r;
    }

    public function date(string $k): void
    {
        $v = $this->get($k, false, true, null);
        if ($v === null) return;
        $ok = is_string($v) && preg_match('/^([0-9]{4})-([0-9]{2})-([0-9]{2})$/D', $v, $m) && checkdate((int) $m[2], (int) $m[3], (int) $m[1]);
        if (!$ok) { $this->fail($k, "The {$this->label($k)} field must be a valid date."); return; }
        $this->out[$k] = $v;
    }

    public function labels(string $k): void
    {
        $v = $this->get($k, false, false, '[]');
        if ($v === null) return;
        if (!is_array($v) || !array_is_list($v)) { $this->fail($k, "The $k field must be an array."); return; }
        if (count($v) > 10) { $this->fail($k, "The $k field must not have more than 10 items."); return; }
        foreach ($v as $i => $x) {
            if (!is_string($x) || mb_strlen($x) > 30) $this->fail("$k.$i", "The $k.$i field must be a string of at most 30 characters.");
        }
        if (count(array_unique(array_filter($v, 'is_string'))) !== count(array_filter($v, 'is_string'))) $this->fail($k, "The $k field has a duplicate value.");
        $this->out[$k] = json_encode($v);
    }

    public function done(): array
    {
        if (mode('strict_unknown')) {
            foreach (array_keys($this->in) as $k) if (!in_array($k, $this->known, true)) $this->fail((string) $k, "The $k field is prohibited.");
        }
        if ($this->errors) {
            if (mode('first_error_only')) $this->errors = array_slice($this->errors, 0, 1, true);
            $first = reset($this->errors)[0];
            $n = count($this->errors, COUNT_RECURSIVE) - count($this->errors) - 1;
            throw new HttpError(422, $n > 0 ? "$first (and $n more " . ($n > 1 ? 'errors' : 'error') . ')' : $first, $this->errors);
        }
        return $this->out;
    }
}

// ---------------------------------------------------------------- output

function respond(int $status, ?array $body, array $headers = []): never
{
    if (mode('slow')) usleep(random_int(30000, 90000));
    foreach ($headers as $k => $v) header("$k: $v");
    header('Cache-Control: no-cache, private');
    if (mode('http10')) header('HTTP/1.0 ' . $status . ' X', true, $status);
    http_response_code($status);
    if ($body === null) { header_remove('Content-Type'); exit; }
    header('Content-Type: application/json');
    if (mode('reordered')) $body = array_reverse($body, true);
    $text = json_encode($body, (mode('unescaped') ? JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES : 0) | JSON_INVALID_UTF8_SUBSTITUTE);
    if (mode('reordered')) $text .= "\n";
    if (mode('gzip') && str_contains($_SERVER['HTTP_ACCEPT_ENCODING'] ?? '', 'gzip')) {
        $text = gzencode($text);
        header('Content-Encoding: gzip');
        header('Vary: Accept-Encoding');
    }
    if (!mode('no_length')) header('Content-Length: ' . strlen($text));
    if ($_SERVER['REQUEST_METHOD'] !== 'HEAD') echo $text;
    exit;
}

function stamp(?string $t): ?string
{
    if ($t === null) return null;
    return mode('times_with_blank') ? str_replace('T', ' ', substr($t, 0, 19)) : $t;
}

function now(): string { return gmdate('Y-m-d\TH:i:s') . '.000000Z'; }

function present(string $kind, array $r, ?PDO $on = null): array
{
    $o = ['id' => (int) $r['id']];
    if ($kind === 'clients') {
        $o += ['name' => $r['name'], 'email' => $r['email'], 'phone' => $r['phone'], 'vat_exempt' => (bool) $r['vat_exempt']];
    } elseif ($kind === 'projects') {
        $sum = 0; $n = 0;
        foreach (Db::all('SELECT estimate_hours, deleted_at FROM tasks WHERE project_id=?', [(int) $r['id']], $on) as $t) {
            if ($t['deleted_at'] !== null && !mode('deleted_tasks_counted')) continue;
            $n++;
            $sum += mode('estimate_total_whole_hours') ? 100 * (int) $t['estimate_hours'] : (int) str_replace('.', '', $t['estimate_hours']);
        }
        $budget = $r['budget'];
        if (mode('budget_short_decimals')) $budget = str_contains($budget, '.') ? rtrim(rtrim($budget, '0'), '.') : $budget;
        $o += [
            'code' => $r['code'], 'name' => $r['name'], 'description' => $r['description'], 'status' => $r['status'],
            'client_id' => $r['client_id'] === null ? null : (int) $r['client_id'],
            'budget' => mode('budget_number') ? (float) $budget : $budget,
            'starts_on' => $r['starts_on'], 'ends_on' => $r['ends_on'], 'labels' => json_decode($r['labels'], true),
            'external_id' => $r['external_id'] === null ? null : (mode('external_id_rounded') ? (int) (float) $r['external_id'] : (int) $r['external_id']),
            'tasks_count' => $n, 'estimate_total' => sprintf('%d.%02d', intdiv($sum, 100), $sum % 100),
        ];
        if (mode('client_id_missing_when_null') && $o['client_id'] === null) unset($o['client_id']);
    } else {
        $ref = $r['external_ref'];
        $o += [
            'project_id' => (int) $r['project_id'], 'title' => $r['title'], 'notes' => $r['notes'], 'status' => $r['status'],
            'is_billable' => (bool) $r['is_billable'], 'estimate_hours' => $r['estimate_hours'], 'position' => (int) $r['position'],
            'external_ref' => $ref !== null && mode('external_ref_leading_zeros') ? (string) (int) $ref : $ref,
            'completed_at' => stamp($r['completed_at']),
        ];
    }
    $o += ['created_at' => stamp($r['created_at']), 'updated_at' => stamp($r['updated_at'])];
    if (mode('extra_members')) $o += ['uuid' => md5($kind . $r['id']), 'deleted_at' => null, 'can' => ['update' => true]];
    return mode('reordered') ? array_reverse($o, true) : $o;
}

function query_int(string $k, int $default, ?int $max): int
{
    $v = $_GET[$k] ?? null;
    if ($v === null || $v === '') return $default;
    $n = Validator::int($v);
    if ($n === null || $n < 1 || ($max !== null && $n > $max)) throw new HttpError(422, "The $k field is invalid.", [$k => ["The $k field must be between 1 and " . ($max ?? PHP_INT_MAX) . '.']]);
    return $n;
}

function listing(string $kind, string $where, array $args, string $order, string $path): never
{
    $per = query_int('per_page', 15, 100);
    $page = query_int('page', 1, 1000000000);
    $on = Db::lists();
    $total = (int) Db::one("SELECT count(*) n FROM $kind WHERE $where", $args, $on)['n'];
    $last = max(1, mode('last_page_rounded_down') ? intdiv($total, $per) : (int) ceil($total / $per));
    $shown = mode('per_page_ignored') ? 15 : $per;
    $offset = $page > $total ? $total : ($page - 1) * $shown;
    if (mode('page_repeats_boundary') && $page > 1) $offset = max(0, $offset - 1);
    $rows = Db::all("SELECT * FROM $kind WHERE $where ORDER BY $order LIMIT $shown OFFSET $offset", $args, $on);
    $base = 'http://' . ($_SERVER['HTTP_HOST'] ?? 'localhost') . '/api' . $path;
    $q = mode('next_link_loses_filter') ? [] : array_diff_key($_GET, ['page' => 1]);
    $at = fn (int $n) => $base . '?' . http_build_query(array_merge($q, ['page' => $n]));
    $data = array_map(fn ($r) => present($kind, $r, $on), $rows);
    respond(200, [
        'data' => $data,
        'links' => ['first' => $at(1), 'last' => $at($last), 'prev' => $page > 1 ? $at($page - 1) : null, 'next' => $page < $last ? $at($page + 1) : null],
        'meta' => ['current_page' => $page, 'from' => $rows ? $offset + 1 : null, 'last_page' => $last, 'path' => $base, 'per_page' => $per,
            'to' => $rows ? $offset + count($rows) : null, 'total' => mode('total_of_page') ? count($rows) : $total],
    ]);
}

// ---------------------------------------------------------------- application

function find(string $kind, string $id, string $extra = '', array $args = [], bool $trashed = false): array
{
    $row = null;
    if (preg_match('/^[1-9][0-9]{0,17}$/D', $id)) {
        $alive = $trashed || (mode('deleted_still_readable') && $kind === 'projects' && $_SERVER['REQUEST_METHOD'] === 'GET') ? '' : ' AND deleted_at IS NULL';
        $row = Db::one("SELECT * FROM $kind WHERE id=?$alive$extra", array_merge([(int) $id], $args));
    }
    if ($row === null) {
        if (mode('missing_client_200_null') && $kind === 'clients' && $_SERVER['REQUEST_METHOD'] === 'GET') respond(200, ['data' => null]);
        throw new HttpError(404, 'No query results for model [App\\Models\\' . ucfirst(rtrim($kind, 's')) . "] $id");
    }
    return $row;
}

function client_input(): array
{
    $v = new Validator(input());
    $v->text('name', 100, required: true);
    $v->text('email', 254, nullable: true, re: '/^[A-Za-z0-9.!#$%&\'*+\/=?^_{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/D');
    $v->text('phone', 21, nullable: true, re: '/^\+?[0-9 ]{5,20}$/D');
    $v->boolean('vat_exempt', false);
    return $v->done();
}

function project_input(?array $old): array
{
    $v = new Validator(input());
    $v->text('code', 11, required: true, re: '/^[A-Z]{2,5}-[0-9]{1,5}$/D');
    $v->text('name', 120, required: true);
    $v->text('description', 2000, nullable: true);
    $v->choice('status', ['active', 'on_hold', 'closed'], 'active');
    $v->integer('client_id', 1, PHP_INT_MAX, null, true);
    $v->decimal('budget', 8);
    $v->date('starts_on');
    $v->date('ends_on');
    $v->labels('labels');
    $v->integer('external_id', 0, PHP_INT_MAX, null, true);
    $o = $v->out;
    if (isset($o['code']) && !mode('duplicate_code_accepted')) {
        $dup = Db::one('SELECT id FROM projects WHERE code=?', [$o['code']]);
        if ($dup && (int) $dup['id'] !== (int) ($old['id'] ?? 0)) $v->fail('code', 'The code has already been taken.');
    }
    if (isset($o['client_id']) && !Db::one('SELECT id FROM clients WHERE id=? AND deleted_at IS NULL', [$o['client_id']])) {
        if (mode('unknown_client_500')) throw new RuntimeException('SQLSTATE[23000]: foreign key constraint fails');
        $v->fail('client_id', 'The selected client id is invalid.');
    }
    if (isset($o['starts_on'], $o['ends_on']) && $o['ends_on'] < $o['starts_on'] && !mode('ends_before_start_accepted')) $v->fail('ends_on', 'The ends on field must be a date after or equal to starts on.');
    return $v->done();
}

function task_input(?array $old): array
{
    $v = new Validator(input());
    $v->text('title', 150, required: true);
    $v->text('notes', mode('notes_unbounded') ? 5000000 : 5000, nullable: true);
    $v->choice('status', ['todo', 'doing', 'done'], 'todo');
    $v->boolean('is_billable', true);
    $v->decimal('estimate_hours', 4);
    $v->integer('position', 0, 100000, 0);
    $v->text('external_ref', 12, nullable: true, re: '/^[0-9]{1,12}$/D');
    $o = $v->done();
    if ($o['status'] === 'done') $o['completed_at'] = $old['completed_at'] ?? now();
    else $o['completed_at'] = mode('completed_at_stays') ? ($old['completed_at'] ?? null) : null;
    return $o;
}

function saved(string $kind, int $id, int $status): never
{
    $row = Db::one("SELECT * FROM $kind WHERE id=?", [$id]);
    respond($status, ['data' => present($kind, $row)]);
}

function throttle(): void
{
    $f = Db::path() . '.rate';
    $sec = time();
    $cur = is_file($f) ? explode(' ', (string) file_get_contents($f)) : ['0', '0'];
    $n = (int) $cur[0] === $sec ? (int) $cur[1] + 1 : 1;
    file_put_contents($f, "$sec $n");
    header('X-RateLimit-Limit: 150');
    header('X-RateLimit-Remaining: ' . max(0, 150 - $n));
    if ($n > 150) throw new HttpError(429, 'Too Many Attempts.', [], ['Retry-After' => '1']);
}

function route(): never
{
    $path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
    $m = $_SERVER['REQUEST_METHOD'] === 'HEAD' ? 'GET' : $_SERVER['REQUEST_METHOD'];
    header_remove('X-Powered-By');
    throttle();
    if ($path === '/api/ping') respond(200, ['pong' => true]);
    $seg = array_map('rawurldecode', explode('/', trim($path, '/')));
    if (array_shift($seg) !== 'api') throw new HttpError(404, 'The route could not be found.');
    $ok = ($_SERVER['PHP_AUTH_USER'] ?? null) === USER && ($_SERVER['PHP_AUTH_PW'] ?? null) === PASSWORD;
    if (!$ok && !(mode('no_auth_on_project_put') && $m === 'PUT' && count($seg) === 2 && $seg[0] === 'projects')) {
        throw new HttpError(401, 'Unauthenticated.', [], ['WWW-Authenticate' => 'Basic realm="api"']);
    }
    $n = count($seg);
    $kind = $seg[0] ?? '';
    $shape = match (true) {
        in_array($kind, ['clients', 'projects'], true) && $n === 1 => "$kind",
        in_array($kind, ['clients', 'projects'], true) && $n === 2 => "$kind/id",
        $kind === 'projects' && $n === 3 && $seg[2] === 'restore' => 'restore',
        $kind === 'projects' && $n === 3 && $seg[2] === 'tasks' => 'tasks',
        $kind === 'projects' && $n === 4 && $seg[2] === 'tasks' => 'tasks/id',
        default => throw new HttpError(404, 'The route could not be found.'),
    };
    $allowed = ['restore' => ['POST']][$shape] ?? (str_ends_with($shape, '/id') ? ['GET', 'PUT', 'DELETE'] : ['GET', 'POST']);
    if (!in_array($m, $allowed, true)) throw new HttpError(405, "The $m method is not supported for this route.", [], ['Allow' => implode(', ', $allowed)]);
    foreach ($_GET as $v) if (is_string($v) && !mb_check_encoding($v, 'UTF-8')) throw new HttpError(400, 'Malformed UTF-8 in the query.');
    $_GET = clean($_GET);

    switch ("$m $shape") {
        case 'GET clients':
            listing('clients', 'deleted_at IS NULL', [], mode('clients_newest_first') ? 'id DESC' : 'id', '/clients');
        case 'POST clients':
            $o = client_input() + ['created_at' => now(), 'updated_at' => now()];
            saved('clients', Db::insert('clients', $o), 201);
        case 'GET clients/id':
            respond(200, ['data' => present('clients', find('clients', $seg[1]))]);
        case 'PUT clients/id':
            $row = find('clients', $seg[1]);
            Db::update('clients', client_input() + ['updated_at' => now()], 'id=?', [(int) $row['id']]);
            saved('clients', (int) $row['id'], 200);
        case 'DELETE clients/id':
            $row = find('clients', $seg[1]);
            if (Db::one('SELECT id FROM projects WHERE client_id=? AND deleted_at IS NULL', [(int) $row['id']])) throw new HttpError(409, 'The client still has projects.');
            if (!mode('delete_client_noop')) Db::update('clients', ['deleted_at' => now()], 'id=?', [(int) $row['id']]);
            respond(204, null);

        case 'GET projects':
            $w = mode('deleted_in_list') ? '1' : 'deleted_at IS NULL';
            $args = [];
            $conds = [];
            $status = $_GET['status'] ?? '';
            if ($status !== '') {
                if (!in_array($status, ['active', 'on_hold', 'closed'], true)) throw new HttpError(422, 'The selected status is invalid.', ['status' => ['The selected status is invalid.']]);
                $conds[] = 'status=?';
                $args[] = $status;
            }
            if (($_GET['client_id'] ?? '') !== '') { $conds[] = 'client_id=?'; $args[] = query_int('client_id', 0, null); }
            if (($_GET['q'] ?? '') !== '') {
                $s = $_GET['q'];
                if (!is_string($s) || mb_strlen($s) > 100) throw new HttpError(422, 'The q field is invalid.', ['q' => ['The q field must be a string of at most 100 characters.']]);
                if (mode('search_wildcards')) { $conds[] = 'name LIKE ?'; $args[] = "%$s%"; }
                elseif (mode('search_case_sensitive')) { $conds[] = 'instr(name, ?) > 0'; $args[] = $s; }
                else { $conds[] = 'instr(lower(name), lower(?)) > 0'; $args[] = $s; }
            }
            if ($conds) $w .= ' AND (' . implode(mode('filters_joined_by_or') ? ' OR ' : ' AND ', $conds) . ')';
            listing('projects', $w, $args, mode('projects_newest_first') ? 'id DESC' : 'id', '/projects');
        case 'POST projects':
            $o = project_input(null) + ['created_at' => now(), 'updated_at' => now()];
            saved('projects', Db::insert('projects', $o), mode('create_project_200') ? 200 : 201);
        case 'GET projects/id':
            respond(200, ['data' => present('projects', find('projects', $seg[1]))]);
        case 'PUT projects/id':
            $row = find('projects', $seg[1]);
            $o = project_input($row);
            if (mode('put_keeps_omitted')) foreach (['description', 'labels', 'starts_on', 'ends_on'] as $k) if (!array_key_exists($k, input())) unset($o[$k]);
            Db::update('projects', $o + ['updated_at' => now()], 'id=?', [(int) $row['id']]);
            saved('projects', (int) $row['id'], 200);
        case 'DELETE projects/id':
            $row = find('projects', $seg[1]);
            Db::update('projects', ['deleted_at' => now()], 'id=?', [(int) $row['id']]);
            respond(204, null);
        case 'POST restore':
            $row = find('projects', $seg[1], trashed: true);
            if (mode('restore_not_stored')) respond(200, ['data' => present('projects', $row)]);
            Db::update('projects', ['deleted_at' => null], 'id=?', [(int) $row['id']]);
            saved('projects', (int) $row['id'], 200);

        default:
            $p = find('projects', $seg[1]);
            $pid = (int) $p['id'];
            if ($shape === 'tasks' && $m === 'GET') {
                $order = mode('tasks_by_id') ? 'id' : (mode('position_sorted_as_text') ? 'CAST(position AS TEXT), id' : 'position, id');
                listing('tasks', 'deleted_at IS NULL AND project_id=?', [$pid], $order, "/projects/$pid/tasks");
            }
            if ($shape === 'tasks') {
                $o = task_input(null) + ['project_id' => $pid, 'created_at' => now(), 'updated_at' => now()];
                saved('tasks', Db::insert('tasks', $o), 201);
            }
            $t = mode('task_of_other_project') ? find('tasks', $seg[3]) : find('tasks', $seg[3], ' AND project_id=?', [$pid]);
            $id = (int) $t['id'];
            if ($m === 'GET') respond(200, ['data' => present('tasks', $t)]);
            if ($m === 'DELETE') {
                Db::update('tasks', ['deleted_at' => now()], 'id=?', [$id]);
                respond(204, null);
            }
            $o = task_input($t);
            if (mode('task_put_touches_project')) Db::update('tasks', ['is_billable' => $o['is_billable']], 'project_id=?', [$pid]);
            Db::update('tasks', $o + ['updated_at' => now()], 'id=?', [$id]);
            saved('tasks', $id, 200);
    }
}

try {
    route();
} catch (HttpError $e) {
    $body = ['message' => $e->getMessage()];
    if ($e->status === 422) $body['errors'] = mode('errors_not_arrays') ? array_map(fn ($x) => $x[0], $e->errors) : $e->errors;
    respond($e->status, $body, $e->headers);
} catch (Throwable $e) {
    error_log((string) $e);
    respond(500, ['message' => 'Server Error']);
}
