//! Words that a user can paste into a shell.

use std::path::Path;

/// The word, quoted if necessary.
pub fn word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/_-.:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A path, quoted if necessary, that does not look like an option or like standard input.
pub fn path(path: &Path) -> String {
    let path = path.to_string_lossy();
    if path.starts_with('-') { word(&format!("./{path}")) } else { word(&path) }
}
