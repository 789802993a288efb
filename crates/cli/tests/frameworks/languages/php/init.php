<?php
$f = $argv[1];
foreach ([$f, "$f.copy", "$f.copy.at", "$f.rate"] as $x) if (file_exists($x)) unlink($x);
$p = new PDO("sqlite:$f");
$p->exec('CREATE TABLE clients (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, email TEXT, phone TEXT, vat_exempt INTEGER, created_at TEXT, updated_at TEXT, deleted_at TEXT)');
$p->exec('CREATE TABLE projects (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT, name TEXT, description TEXT, status TEXT, client_id INTEGER REFERENCES clients(id), budget TEXT, starts_on TEXT, ends_on TEXT, labels TEXT, external_id INTEGER, created_at TEXT, updated_at TEXT, deleted_at TEXT)');
$p->exec('CREATE TABLE tasks (id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER REFERENCES projects(id), title TEXT, notes TEXT, status TEXT, is_billable INTEGER, estimate_hours TEXT, position INTEGER, external_ref TEXT, completed_at TEXT, created_at TEXT, updated_at TEXT, deleted_at TEXT)');
