//! Reads files that a person writes, and nothing that only looks like one.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// The largest file that is read as one a person wrote, in bytes.
pub const MAX_TEXT: u64 = 4 * 1024 * 1024;

/// The text of a file of at most [`MAX_TEXT`] bytes. Devices and pipes never end, or keep waiting: neither is opened.
///
/// # Errors
/// When it cannot be read, is not a regular file, is too large or is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    if !fs::metadata(path)?.is_file() {
        return Err(wrong("it is not a regular file".to_owned()));
    }
    let mut text = String::new();
    // One byte more than may be: the size that a file has when it is asked for may not be the one that it has when it is read.
    let read = File::open(path)?.take(MAX_TEXT + 1).read_to_string(&mut text);
    match read {
        Ok(length) if u64::try_from(length).unwrap_or(u64::MAX) <= MAX_TEXT => Ok(text),
        // A character that the bound cuts in two is no wrong encoding.
        Err(error) if fs::metadata(path)?.len() <= MAX_TEXT => Err(error),
        _ => Err(wrong(format!("it is larger than {} MiB, the most that is read", MAX_TEXT >> 20))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_not_read() {
        let error = read_text(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.to_string(), "it is not a regular file");
    }
}
