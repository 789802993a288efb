//! Puts the suite at the repository's root into the binary, so that the command runs with no files and no flags.
//!
//! Each file is an `include_str!`, and cargo watches the folders: an edited, added or removed file is never stale.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FOLDERS: [&str; 6] =
    ["schemas", "fixtures/faults", "fixtures/fragments", "fixtures/scenarios", "fixtures/seeds", "snapshots/mock"];

fn main() -> io::Result<()> {
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("no manifest"))?;
    // Beside the crates in a clone; within this crate, by its links to that, where it was packaged.
    let (clone, packaged) = (manifest.join("../.."), manifest.join("suite"));
    let root = if clone.join("schemas").exists() { clone } else { packaged }.canonicalize()?;
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("no OUT_DIR"))?;
    let mut files = Vec::new();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        collect(&root.join(folder), &mut files)?;
    }
    // What is pending is nobody's baseline yet.
    files.retain(|file| file.extension().is_none_or(|ending| ending != "new"));
    files.sort();
    let mut code =
        String::from("/// The files of the suite at the repository's root.\npub static FILES: &[(&str, &str)] = &[\n");
    for file in &files {
        let name = file.strip_prefix(&root).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        writeln!(code, "    ({name:?}, include_str!({:?})),", file.display().to_string()).map_err(io::Error::other)?;
    }
    code.push_str("];\n");
    fs::write(out.join("suite.rs"), code)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
